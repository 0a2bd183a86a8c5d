/** The live view of a running gateway: what uploads wait for, recent traces, and what it does not show. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { RecentRequest, TracesDocument, Upload, UploadsDocument } from '../../src/view/documents.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { send } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;

/** Reads a document of the view until it is as expected. The test's own timeout is its limit. */
async function until<T>(gateway: TestGateway, path: string, expected: (document: T) => boolean): Promise<T> {
  for (;;) {
    const document = (await (await fetch(`http://127.0.0.1:${gateway.app.adminPort}${path}`)).json()) as T;
    if (expected(document)) return document;
  }
}

describe('the live view', () => {
  let store: RawStore;
  let engine: FakeEngine;
  let gateway: TestGateway;
  const cleanups: (() => void)[] = [];

  before(async () => {
    store = await RawStore.start();
    engine = await FakeEngine.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    gateway = await startGateway({
      storeUrl: store.url,
      server: { shutdown_timeout_seconds: 0 },
      buckets: [
        { name: 'uploads', s3 },
        { name: 'narrow', s3: { ...s3, max_connections: 1 } },
        { name: 'reviewed', s3, authz: { opa: { url: engine.url, policy_path: 'p/allow', timeout_seconds: 3 } } },
      ],
      tracing: { enabled: true, otlp: { endpoint: 'http://127.0.0.1:1' }, sampling: { strategy: 'never' } },
      admin: { port: 0, view: true, show_keys: true },
    });
  });
  after(async () => {
    for (const cleanup of cleanups) cleanup();
    await gateway.close();
    await store.close();
    await engine.close();
  });

  const upload = (key: string, expected: (upload: Upload) => boolean = () => true) =>
    until<UploadsDocument>(gateway, '/api/uploads', ({ uploads }) =>
      uploads.some((one) => one.key === key && expected(one)),
    ).then(({ uploads }) => uploads.find((one) => one.key === key)!);
  const ended = (key: string) =>
    until<TracesDocument>(gateway, '/api/traces', ({ requests }) => requests.some((one) => one.key === key)).then(
      ({ requests }) => requests.find((one) => one.key === key)!,
    );

  /** A client that sends some bytes of many, and keeps its connection. */
  function slowPut(key: string, sent: number, size: number) {
    const put = request(`${gateway.url}${key}`, { method: 'PUT', headers: { 'content-length': size } });
    put.on('error', () => {});
    put.write(Buffer.alloc(sent));
    cleanups.push(() => put.destroy());
    return put;
  }

  for (const [kind, sent, size] of [
    ['in memory', 1_000, 2_000],
    ['that streams', 70_000, 100_000],
    ['that is moved', MIB, 3 * MIB],
    ['that is split', MIB, 60 * MIB],
  ] as const) {
    it(`shows that a body ${kind} waits for its client, and until when`, async () => {
      const key = `client/${size}`;
      const put = slowPut(`/uploads/${key}`, sent, size);
      const seen = await upload(key, (one) => one.received_bytes === sent && one.waiting_for === 'client');
      assert.equal(seen.size_bytes, size);
      assert.equal(seen.stage, 'upload');
      assert.deepEqual([seen.deadline!.name, seen.deadline!.limit_seconds], ['client idle', 60]);
      assert.ok(seen.deadline!.elapsed_seconds <= seen.age_seconds);
      put.destroy();
      const { error_type, side, reason, message, bytes } = await ended(key);
      assert.deepEqual([error_type, side, bytes], ['client_aborted', 'client', sent]);
      assert.deepEqual([reason, message], [null, 'The client closed the connection before the request was complete.']);
    });
  }

  for (const [kind, size] of [
    ['small', 1_000],
    ['large', 3 * MIB],
  ] as const) {
    it(`shows that a ${kind} upload waits for the response of the store`, async () => {
      store.behaviour = (incoming) => void incoming.resume();
      const put = slowPut(`/uploads/store/${size}`, size, size);
      put.end();
      const seen = await upload(`store/${size}`, ({ waiting_for }) => waiting_for === 'store');
      assert.equal(seen.received_bytes, size);
      assert.equal(seen.deadline!.setting, 'buckets.uploads.s3.answer_timeout_seconds');
      put.destroy();
    });
  }

  it('shows that an upload waits for a store that does not read', async () => {
    store.behaviour = () => {};
    slowPut('/uploads/stalled', 20 * MIB, 30 * MIB);
    const seen = await upload('stalled', ({ waiting_for }) => waiting_for === 'store');
    assert.equal(seen.deadline!.setting, 'buckets.uploads.s3.stall_timeout_seconds');
    assert.ok(seen.received_bytes < 30 * MIB);
  });

  it('shows that an upload waits for a connection to the store', async () => {
    store.behaviour = () => {};
    slowPut('/narrow/first', 1_000, 1_000).end();
    await upload('first', ({ waiting_for }) => waiting_for === 'store');
    slowPut('/narrow/second', 1_000, 1_000).end();
    const seen = await upload('second', ({ waiting_for }) => waiting_for === 'connection');
    assert.equal(seen.deadline!.name, 'store connection');
  });

  it('shows that an upload waits for the policy engine', async () => {
    store.behaviour = answerWell;
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    engine.behaviour = async (_, response) => {
      asked.resolve();
      await answer.promise;
      response.end('{"result":true}');
    };
    const sending = send(gateway.url, 'PUT', '/reviewed/contract', 'text');
    await asked.promise;
    const seen = await upload('contract', ({ waiting_for }) => waiting_for === 'policy');
    assert.deepEqual([seen.stage, seen.deadline!.limit_seconds], ['authorization', 3]);
    answer.resolve();
    assert.equal((await sending).status, 200);
    assert.equal((await ended('contract')).outcome, 'stored');
  });

  it('keeps the spans of a request that the sampler did not keep', async () => {
    store.behaviour = answerWell;
    assert.equal((await send(gateway.url, 'PUT', '/uploads/unsampled', 'text')).status, 200);
    const { trace_id, sampled, has_spans } = await ended('unsampled');
    assert.deepEqual([sampled, has_spans], [false, true]);
    const response = await fetch(`http://127.0.0.1:${gateway.app.adminPort}/api/traces/${trace_id}`);
    const { resourceSpans } = (await response.json()) as { resourceSpans: { scopeSpans: { spans: object[] }[] }[] };
    const spans = resourceSpans[0]!.scopeSpans[0]!.spans as { name: string; traceId: string }[];
    assert.deepEqual(spans.map(({ name }) => name).sort(), [
      'auth.verify',
      'aws.s3.put_object',
      'http.server.request',
      's3.upload',
    ]);
    assert.ok(spans.every(({ traceId }) => traceId === trace_id));
  });

  it('shows a refusal with its reason', async () => {
    assert.equal((await send(gateway.url, 'DELETE', '/uploads/refused', '')).status, 405);
    const { requests } = await until<TracesDocument>(gateway, '/api/traces', ({ requests: all }) =>
      all.some(({ method }) => method === 'DELETE'),
    );
    const { status, side, error_type, bucket } = requests.find(({ method }) => method === 'DELETE') as RecentRequest;
    assert.deepEqual([status, side, error_type, bucket], [405, 'client', 'method_not_allowed', 'uploads']);
  });

  it('puts each event into a stream, and continues with new requests', async () => {
    const response = await fetch(`http://127.0.0.1:${gateway.app.adminPort}/api/events?of=uploads,traces`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const read = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) text += (await reader.read()).value ?? assert.fail('the stream has ended');
    };
    await read(/event: uploads\n[\s\S]*event: traces\n|event: traces\n[\s\S]*event: uploads\n/);
    text = '';
    store.behaviour = answerWell;
    await send(gateway.url, 'PUT', '/uploads/event', 'text');
    await read(/event: traces\ndata: .*"key":"event".*\n\n/);
    await reader.cancel();
  });
});

describe('the live view of several workers', { timeout: 60_000 }, () => {
  it('has the uploads, traces and health of all', async (t) => {
    const { startGatewayProcess } = await import('../support/gateway-process.ts');
    const store = await RawStore.start();
    t.after(() => store.close());
    const respond = Promise.withResolvers<void>();
    store.behaviour = async (incoming, response) => {
      incoming.resume();
      await respond.promise;
      response.end();
    };
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0', workers: 2, upload_id_secret: 's'.repeat(32), shutdown_timeout_seconds: 0 },
      buckets: [{ name: 'uploads', s3 }],
      tracing: { enabled: true, otlp: { endpoint: 'http://127.0.0.1:1' } },
      admin: { port: 0, view: true },
    });
    t.after(() => gateway.stop());
    const read = async <T>(path: string): Promise<T> =>
      (await (await fetch(new URL(path, gateway.metricsUrl))).json()) as T;
    const puts = Array.from({ length: 8 }, (_, i) => send(gateway.url, 'PUT', `/uploads/${i}`, 'text'));
    let seen: UploadsDocument;
    do seen = await read('/api/uploads');
    while (seen.uploads.filter(({ waiting_for }) => waiting_for === 'store').length < 8);
    assert.deepEqual([...new Set(seen.uploads.map(({ worker }) => worker))].sort(), [1, 2]);
    assert.ok(seen.uploads.every(({ key }) => /^#[0-9a-f]{16}$/.test(key!)));
    respond.resolve();
    await Promise.all(puts);
    let traces: TracesDocument;
    do traces = await read('/api/traces');
    while (traces.requests.length < 8);
    const [{ trace_id }] = traces.requests as [RecentRequest];
    assert.match(JSON.stringify(await read(`/api/traces/${trace_id}`)), new RegExp(`"traceId":"${trace_id}"`));
    const health = await read<{ workers: object; services: object[]; limits: object[] }>('/api/health');
    assert.deepEqual(health.workers, { running: 2, wanted: 2, failures: 0 });
    const config = await read<{ file: string; differs: boolean; settings: { path: string; value: string }[] }>(
      '/api/config',
    );
    assert.deepEqual([config.file, config.differs], [gateway.file, false]);
    const secret = config.settings.find(({ path }) => path === 'buckets[0].s3.secret_key');
    assert.equal(secret!.value, '(not shown)');
  });
});
