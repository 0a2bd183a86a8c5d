/** Traces that the sampler did not keep, and that are kept for what became of them: what a collector gets of them. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Answer, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('a gateway that keeps traces for what became of them', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const credentials = [{ access_key: 'DEVICE7', secret_key: 'the-secret-of-device-7' }];
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'uploads', s3, head: 'pretend_missing' },
        { name: 'guarded', s3, auth: { sigv4: { credentials } } },
        { name: 'heads', s3, head: 'allow' },
      ],
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 10 },
        sampling: { strategy: 'never', keep: { denied: true, slower_than_seconds: 0.3, larger_than: '64KiB' } },
      },
    });
  });
  afterEach(() => {
    store.behaviour = answerWell;
  });
  after(async () => {
    await gateway.close();
    await collector.close();
    await store.close();
  });
  const put = (path: string, body: string | Buffer = 'hello'): Promise<Answer> => send(gateway.url, 'PUT', path, body);
  const traceIdOf = ({ headers }: Answer): string => /00-([0-9a-f]{32})-/.exec(String(headers['server-timing']))![1]!;
  /** The names of its spans and the reason, when its root has arrived. */
  async function keptOf(answer: Answer): Promise<(string | undefined)[]> {
    const mine = () => collector.spans().filter((span) => span.traceId === traceIdOf(answer));
    await collector.until(() => mine().some(({ name }) => name === 'http.server.request'));
    const reason = mine().find(({ name }) => name === 'http.server.request')!.attributes['sampling.reason'];
    return [
      ...mine()
        .map(({ name }) => name)
        .sort(),
      reason !== undefined && 'string' in reason ? reason.string : undefined,
    ];
  }

  it('keeps them complete: the caller too, as a hash', async () => {
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const scope = `DEVICE7/${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
    const signed = 'SignedHeaders=host;x-amz-content-sha256;x-amz-date';
    const answer = await send(gateway.url, 'PUT', '/guarded/k', 'hello', {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, ${signed}, Signature=${'0'.repeat(64)}`,
      'x-amz-date': date,
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    });
    assert.equal(answer.status, 403);
    await keptOf(answer);
    const mine = collector.spans().filter((span) => span.traceId === traceIdOf(answer));
    const hash = mine.find(({ name }) => name === 'auth.verify')!.attributes['auth.key_id_hash'];
    assert.match(JSON.stringify(hash), /[0-9a-f]{16}/);
  });

  it("claims no ratio of the caller's for traces that the caller did not keep", async (t) => {
    const following = await startGateway({
      storeUrl: store.url,
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 10 },
        sampling: { strategy: 'parent_based', keep: { errors: true } },
      },
    });
    t.after(() => following.close());
    store.behaviour = answering(503, '<Error><Code>SlowDown</Code></Error>');
    const traceparent = `00-${'e'.repeat(32)}-${'b'.repeat(16)}-00`;
    const headers = { traceparent, tracestate: 'ot=th:8;rv:ffffffffffffff,their=1' };
    const answer = await send(following.url, 'PUT', '/uploads/failed', 'hello', headers);
    assert.equal((await keptOf(answer)).at(-1), 'kept_error');
    const states = collector.spans().flatMap((span) => (span.traceId === traceIdOf(answer) ? [span.traceState] : []));
    assert.ok(states.length >= 4);
    const told = store.requests.at(-1)!.headers.tracestate;
    assert.deepEqual([...new Set([...states, told])], ['ot=rv:ffffffffffffff,their=1']);
  });

  it('keeps whatever failed for its client, and calls that failed though it went well', async () => {
    const wrong = { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const spoiled = await send(gateway.url, 'PUT', '/uploads/spoiled', 'hello', wrong);
    assert.deepEqual([spoiled.status, (await keptOf(spoiled)).at(-1)], [400, 'kept_error']);
    const read = await send(gateway.url, 'GET', '/uploads/k');
    assert.deepEqual([read.status, await keptOf(read)], [405, ['http.server.request', 'kept_error']]);

    store.behaviour = answering(403, '<Error><Code>AccessDenied</Code></Error>');
    const ours = await put('/uploads/ours');
    assert.deepEqual(
      [ours.status, (await keptOf(ours)).at(-1)],
      [502, 'kept_error'],
      'it is the gateway that is refused',
    );

    const before = store.requests.length;
    store.behaviour = (request, response, record) => {
      if (store.requests.length === before + 1) response.destroy();
      else return answerWell(request, response, record);
    };
    const again = await put('/uploads/again');
    const spans = ['auth.verify', 'aws.s3.put_object', 'aws.s3.put_object', 'http.server.request', 's3.upload'];
    assert.deepEqual([again.status, await keptOf(again)], [200, [...spans, 'kept_error']]);
  });

  it('does not keep the 404 of a client that checks for an object', async () => {
    const asked = await send(gateway.url, 'HEAD', '/uploads/k');
    assert.equal(asked.status, 404);
    const next = await send(gateway.url, 'GET', '/uploads/k'); // is kept, and ends later
    await keptOf(next);
    assert.ok(collector.spans().every(({ traceId }) => traceId !== traceIdOf(asked)));
    const before = store.requests.length;
    store.behaviour = (request, response, record) => {
      if (store.requests.length === before + 1) response.destroy();
      else return answering(404, '')(request, response, record);
    };
    const second = await send(gateway.url, 'HEAD', '/heads/k');
    assert.equal(second.status, 404);
    assert.equal((await keptOf(second)).at(-1), 'kept_error', 'the store was in trouble before it said no');
  });

  it('keeps failures, refusals, slow ones and large ones whole, and nothing else', async () => {
    const whole = ['auth.verify', 'aws.s3.put_object', 'http.server.request', 's3.upload'];
    const well = await put('/uploads/well');
    assert.match(String(well.headers['server-timing']), /-00"$/);
    assert.match(String(store.requests.at(-1)!.headers.traceparent), /-02$/, 'others are told that it is not kept');

    store.behaviour = answering(503, '<Error><Code>SlowDown</Code></Error>');
    assert.deepEqual(await keptOf(await put('/uploads/failed')), [...whole, 'kept_error']);
    store.behaviour = answerWell;
    assert.deepEqual(await keptOf(await put('/guarded/k')), ['auth.verify', 'http.server.request', 'kept_denied']);
    assert.deepEqual(await keptOf(await put('/uploads/large', Buffer.alloc(70_000))), [...whole, 'kept_large']);
    store.behaviour = async (request, response, record) => {
      await new Promise((resolve) => setTimeout(resolve, 400)); // the time is the thing
      await answerWell(request, response, record);
    };
    assert.deepEqual(await keptOf(await put('/uploads/slow')), [...whole, 'kept_slow']);

    assert.deepEqual(
      collector.spans().filter((span) => span.traceId === traceIdOf(well)),
      [],
    );
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    for (const [reason, count] of Object.entries({ kept_error: 7, kept_denied: 2, kept_large: 1, kept_slow: 1 }))
      assert.match(body, new RegExp(`^mizuchi_tracer_tail_traces_total\\{outcome="${reason}"\\} ${count}$`, 'm'));
  });
});
