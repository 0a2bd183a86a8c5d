import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { send } from '../support/http-client.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { endWithUs } from './support/end-with-us.ts';
import { freePorts } from './support/free-ports.ts';

const run = promisify(execFile);
const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm install mizuchi-uploadr` gives: compiled, without the checkout and without what only developers need. */
describe('the package', () => {
  let folder: string;
  let program: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-package-'));
    await run('npm', ['pack', '--pack-destination', folder], { cwd: checkout });
    const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    await writeFile(join(folder, 'package.json'), '{"private":true,"allowScripts":{"protobufjs":false}}');
    await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], { cwd: folder });
    program = join(folder, 'node_modules', '.bin', 'mizuchi-uploadr');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  // The package's program asks for `node`: here that is the one that runs this test.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };

  function start(args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    endWithUs(child);
    return child;
  }

  it('says its version', async () => {
    const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
    assert.equal((await run(program, ['--version'], { env })).stdout, `${version}\n`);
  });

  it('brings a configuration that is well', async () => {
    const example = join(folder, 'node_modules', 'mizuchi-uploadr', 'config.example.yaml');
    assert.match((await run(program, ['check', '--config', example], { env })).stdout, /uploads/);
  });

  it('takes an upload into its own store, traced, and ends in order', async () => {
    const collector = await receiveHttp();
    const [storePort] = await freePorts(1);
    const keys = ['--access-key', 'AK', '--secret-key', 'SK'];
    const store = start([
      'store',
      '-d',
      join(folder, 'objects'),
      '-a',
      `127.0.0.1:${storePort}`,
      '-b',
      'my-bucket',
      ...keys,
    ]);
    await once(store.stdout!, 'data');
    const file = join(folder, 'config.yaml');
    const config = {
      server: { address: '127.0.0.1:0' },
      buckets: [
        {
          name: 'uploads',
          s3: { bucket: 'my-bucket', endpoint: `http://127.0.0.1:${storePort}`, access_key: 'AK', secret_key: 'SK' },
        },
      ],
      tracing: { otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' } },
      metrics: { enabled: false },
    };
    await writeFile(file, JSON.stringify(config));
    const gateway = start(['serve', '--config', file]);
    const address = await new Promise<string>((resolve) => {
      createInterface(gateway.stdout!).on('line', (line) => {
        const { msg, address } = JSON.parse(line);
        if (msg === 'listening') resolve(address);
      });
    });
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
    const answer = await send(`http://${address}`, 'PUT', '/uploads/k', 'hello', { traceparent });
    assert.equal(answer.status, 200, answer.body);
    gateway.kill('SIGTERM');
    assert.deepEqual(await once(gateway, 'exit'), [0, null]);
    assert.equal(collector.spans().filter((span) => span.traceId === traceId).length, 3);
    store.kill('SIGTERM');
    await once(store, 'exit');
    await collector.close();
  });
});
