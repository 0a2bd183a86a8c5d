/** Spans that the collector does not get: where they go meanwhile, and how they get to it later. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { deadEndpoint } from '../support/faulty-server.ts';
import { CLI, startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';

describe('spans that the collector does not get', () => {
  let folder: string;
  let store: RawStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-fallback-'));
    store = await RawStore.start();
  });
  after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('are written to the file, accounted for, and sent by replay when it is back', async (t) => {
    const endpoint = await deadEndpoint();
    const gateway = await startGateway({
      storeUrl: store.url,
      directory: folder,
      tracing: {
        enabled: true,
        environment: 'then',
        otlp: { endpoint, protocol: 'http/protobuf', timeout_seconds: 1 },
        batch: { scheduled_delay_millis: 10 },
        fallback: 'file',
        fallback_file: { path: 'spans.jsonl' },
      },
    });
    for (let i = 0; i < 10; i++) assert.equal((await send(gateway.url, 'PUT', `/uploads/${i}`, 'hello')).status, 200);
    await gateway.close();
    const file = join(folder, 'spans.jsonl');
    const kept = await readFile(file, 'utf8');
    assert.equal(kept.match(/"traceId"/g)?.length, 40);
    const lines = kept.trimEnd().split('\n').length;
    await appendFile(file, '{"resourceSpans":[{"half');

    const receiver = await receiveHttp(undefined, Number(new URL(endpoint).port));
    t.after(() => receiver.close());
    const config = join(folder, 'now.yaml');
    const bucket = {
      name: 'uploads',
      s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' },
    };
    const tracing = { environment: 'now', otlp: { endpoint, protocol: 'http/protobuf' } };
    await writeFile(config, JSON.stringify({ buckets: [bucket], tracing }));
    const { code, said } = await replay('--config', config, file);
    assert.equal(
      said,
      `${file}:${lines + 1} was left out: ${/was left out: (.*)/.exec(said)?.[1]}\n40 spans delivered, 0 refused by the collector\n`,
    );
    assert.equal(code, 1, 'not every line could be read');
    assert.equal(new Set(receiver.spans().map(({ spanId }) => spanId)).size, 40);
    const [resource] = receiver.exports[0]!.requests.map((request) => request.resource);
    assert.match(JSON.stringify(resource), /"deployment\.environment\.name".{0,30}"then"/, 'as it was recorded');
    const rest = await replay('--config', config, '--from', String(lines + 2), file);
    assert.deepEqual(rest, { code: 0, said: '0 spans delivered, 0 refused by the collector\n' });
  });

  it('go to the standard error where that is asked for, and no line of the log is torn', async () => {
    const endpoint = await deadEndpoint();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      tracing: { otlp: { endpoint, protocol: 'http/protobuf' }, fallback: 'console' },
      metrics: { port: 0 },
    });
    const errors = text(gateway.process.stderr!);
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
    assert.equal(await gateway.stop(), 0);
    const said = await errors;
    assert.equal(JSON.parse(said.trim()).resourceSpans[0].scopeSpans[0].spans.length, 4);
  });

  it('cannot be kept where the folder is not there, which is said when the gateway starts', async () => {
    const tracing = { enabled: true, fallback: 'file', fallback_file: { path: 'nowhere/spans.jsonl' } };
    await assert.rejects(startGateway({ storeUrl: store.url, directory: folder, tracing }), /tracing: ENOENT.*nowhere/);
  });

  async function replay(...args: string[]): Promise<{ code: number; said: string }> {
    const child = spawn(process.execPath, [CLI, 'replay', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { code, said };
  }
});

describe('replay', () => {
  it('says where it stopped if the collector is away, and what it has been called with wrongly', async (t) => {
    const { replayFile } = await import('../../src/cli/replay.ts');
    const { replay } = await import('../../src/tracing/replay.ts');
    const { tracingConfig } = await import('../support/tracing-config.ts');
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-replay-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'spans.jsonl');
    await writeFile(file, '\n{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"one"}]}]}]}\n');
    const { stopped, exported } = await replay(tracingConfig(await deadEndpoint()), file, 1, { deadlineMillis: 50 });
    assert.equal(exported, 0);
    assert.equal(stopped?.line, 2);
    assert.match(stopped.why, /ECONNREFUSED/);
    let said = '';
    assert.equal(await replayFile('x', file, { from: '0' }, {}, (line) => void (said += line)), 2);
    assert.match(said, /--from 0 is not the number of a line/);
  });
});
