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
import { receiveGrpc, receiveHttp } from '../support/otlp-receiver.ts';
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
    await writeFile(join(folder, 'package.json'), '{"private":true}');
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

  it('prints its version', async () => {
    const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
    assert.equal((await run(program, ['--version'], { env })).stdout, `${version}\n`);
  });

  it('brings a configuration that is well', async () => {
    const example = join(folder, 'node_modules', 'mizuchi-uploadr', 'config.example.yaml');
    assert.match((await run(program, ['check', '--config', example], { env })).stdout, /uploads/);
  });

  for (const [protocol, receive] of [
    ['http/protobuf', receiveHttp],
    ['grpc', receiveGrpc],
  ] as const) {
    it(`takes an upload into its own store, traced over ${protocol}, and ends in order`, async (test) => {
      const collector = await receive();
      test.after(() => collector.close());
      const [storePort] = await freePorts(1);
      const folders = ['--directory', join(folder, 'objects'), '--bucket', 'my-bucket'];
      const keys = ['--access-key', 'AK', '--secret-key', 'SK'];
      const store = start(['store', '--address', `127.0.0.1:${storePort}`, ...folders, ...keys]);
      test.after(() => end(store));
      await once(store.stdout!, 'data');
      const s3 = { bucket: 'my-bucket', endpoint: `http://127.0.0.1:${storePort}`, access_key: 'AK', secret_key: 'SK' };
      const config = {
        server: { address: '127.0.0.1:0' },
        buckets: [{ name: 'uploads', s3 }],
        tracing: { otlp: { endpoint: collector.endpoint, protocol } },
        metrics: { enabled: false },
      };
      const file = join(folder, 'config.yaml');
      await writeFile(file, JSON.stringify(config));
      const gateway = start(['serve', '--config', file]);
      test.after(() => end(gateway));
      const address = await listeningAddress(gateway);
      const traceId = randomBytes(16).toString('hex');
      const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
      const answer = await send(`http://${address}`, 'PUT', '/uploads/k', 'hello', { traceparent });
      assert.equal(answer.status, 200, answer.body);
      assert.deepEqual(await end(gateway), [0, null]);
      const names = collector.spans().flatMap((span) => (span.traceId === traceId ? [span.name] : []));
      assert.deepEqual(names.sort(), ['auth.verify', 'aws.s3.put_object', 'http.server.request', 's3.upload']);
      assert.deepEqual(await end(store), [0, null]);
    });
  }
});

/** SIGTERM. @returns exit code and signal. */
async function end(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  return [child.exitCode, child.signalCode];
}

function listeningAddress(gateway: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    gateway.once('exit', (code) => reject(new Error(`the gateway has ended: ${code}`)));
    createInterface(gateway.stdout!).on('line', (line) => {
      const { msg, address } = JSON.parse(line);
      if (msg === 'listening') resolve(address);
    });
  });
}
