/** Spans that the collector does not get: where they go meanwhile, and how they get to it later. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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
      `${file}:${lines + 1} was skipped: ${/was skipped: (.*)/.exec(said)?.[1]}\n40 spans delivered, 0 rejected by the collector\n`,
    );
    assert.equal(code, 1, 'not every line could be read');
    assert.equal(new Set(receiver.spans().map(({ spanId }) => spanId)).size, 40);
    const [resource] = receiver.exports[0]!.requests.map((request) => request.resource);
    assert.match(JSON.stringify(resource), /"deployment\.environment\.name".{0,30}"then"/, 'as it was recorded');
    const rest = await replay('--config', config, '--from', String(lines + 2), file);
    assert.deepEqual(rest, { code: 0, said: '0 spans delivered, 0 rejected by the collector\n' });
  });

  it('go to the standard error where that is configured, and no line of the log is torn', async () => {
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

  it('are written to the file while it refuses the key, and arrive again with the one that the file of headers has then', async (t) => {
    const refused = 'Bearer expired';
    const keys: (string | undefined)[] = [];
    const receiver = await receiveHttp((response, { headers }) => {
      keys.push(headers.authorization);
      response.writeHead(headers.authorization === refused ? 401 : 200).end();
    });
    t.after(() => receiver.close());
    const headers = join(folder, 'headers');
    await writeFile(headers, `Authorization: ${refused}\n`);
    const path = join(folder, 'refused.jsonl');
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      tracing: {
        otlp: { endpoint: receiver.endpoint, protocol: 'http/protobuf', headers_file: headers },
        batch: { scheduled_delay_millis: 10 },
        fallback: 'file',
        fallback_file: { path },
      },
      metrics: { port: 0 },
    });
    t.after(() => gateway.process.kill());
    const figure = async (name: string): Promise<number> => {
      const shown = await (await fetch(gateway.metricsUrl)).text();
      return Number(new RegExp(`^mizuchi_tracer_${name} (.*)$`, 'm').exec(shown)![1]);
    };
    let uploads = 0;
    const uploadUntil = async (done: () => Promise<boolean>): Promise<void> => {
      while (!(await done())) {
        assert.equal((await send(gateway.url, 'PUT', `/uploads/${uploads++}`, 'hello')).status, 200);
        await sleep(100); // the gateway tries again in its own time
      }
    };
    await uploadUntil(async () => (await figure('breaker_state')) === 2);
    assert.ok(keys.length <= 30, `${keys.length} attempts: five turns, of four batches side by side at most`);
    const { reason } = await gateway.logged(({ msg }) => msg === 'spans are not delivered');
    assert.match(String(reason), /^HTTP 401/);
    await writeFile(headers, 'Authorization: Bearer renewed\n');
    await uploadUntil(async () => (await figure('breaker_state')) === 0);
    assert.equal(await gateway.stop(), 0);
    const kept = new Set((await readFile(path, 'utf8')).match(/"spanId":"[^"]+"/g));
    const arrived = receiver.exports.filter(({ headers }) => headers.authorization !== refused);
    const spans = arrived.flatMap(({ requests }) => requests.flatMap((request) => request.spans));
    assert.ok(kept.size > 0 && spans.length > 0);
    assert.equal(kept.size + spans.length, 4 * uploads, 'each is here or there');
  });

  it('cannot be written where the folder is missing, which is reported when the gateway starts', async () => {
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
  it('stops at the first line where the collector rejects all credentials, and counts refused spans separately', async (t) => {
    const { replay } = await import('../../src/tracing/replay.ts');
    const { tracingConfig } = await import('../support/tracing-config.ts');
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-replay-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'spans.jsonl');
    await writeFile(file, '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"one"}]}]}]}\n'.repeat(3));
    for (const [status, outcome] of [
      [400, { rejected: 3, stopped: undefined }],
      [401, { rejected: 0, stopped: { line: 1, why: 'HTTP 401' } }],
    ] as const) {
      const receiver = await receiveHttp((response) => void response.writeHead(status).end());
      t.after(() => receiver.close());
      const { rejected, stopped } = await replay(tracingConfig(receiver.endpoint), file, 1, {});
      assert.deepEqual({ rejected, stopped }, outcome);
    }
  });

  it('reports where it stopped if the collector is unreachable, and invalid arguments', async (t) => {
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
    assert.match(said, /--from 0 is not a line number/);
  });
});
