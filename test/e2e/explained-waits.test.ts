/** Waits in the gateway: a slowdown in one place is in the attribute of that place, and in no other. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { COMPLETED, CREATED } from '../support/multipart.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, type Behaviour, RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { attributesOf } from '../support/request-trace.ts';
import { reset } from '../support/scenarios/stores.ts';
import { sealedId } from '../support/sealed-id.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;
/** Milliseconds. */
const SLOW = 400;
const WAITS = [
  'auth.jwks_wait_seconds',
  's3.retry_wait_seconds',
  's3.queue_seconds',
  'authz.queue_seconds',
  'upload.memory_wait_seconds',
  'upload.connection_wait_seconds',
];

describe('a wait in the gateway', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let provider: IdentityProvider;
  const gateways: TestGateway[] = [];

  const start = async (options: Partial<GatewayOptions>): Promise<TestGateway> => {
    const tracing = {
      enabled: true,
      otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
      batch: { scheduled_delay_millis: 20 },
    };
    const gateway = await startGateway({ storeUrl: store.url, tracing, ...options });
    gateways.push(gateway);
    return gateway;
  };
  const traceOf = async ({ log }: TestGateway): Promise<DecodedSpan[]> => {
    const { trace_id } = log.findLast(({ message }) => message === 'request')!;
    const mine = () => collector.spans().filter(({ traceId }) => traceId === trace_id);
    await collector.until(() => mine().some(({ name }) => name === 'http.server.request'));
    return mine();
  };
  const waitsOf = (spans: readonly DecodedSpan[]): string[] =>
    WAITS.filter((name) => spans.some((span) => attributesOf(span)[name] !== undefined));

  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    provider = await IdentityProvider.start();
  });
  after(async () => {
    for (const gateway of gateways) await gateway.close();
    await Promise.all([store.close(), provider.close(), collector.close()]);
  });

  it('has no attribute if there is none', async () => {
    const gateway = await start({});
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
    assert.deepEqual(waitsOf(await traceOf(gateway)), []);
  });

  it('for the keys of an identity provider is in auth.verify', async () => {
    const gateway = await start({ auth: { jwt: { algorithms: ['RS256'], jwks_url: `${provider.jwksUrl}` } } });
    const authorization = `Bearer ${await provider.token()}`;
    provider.behaviour = async (_, response) => {
      await delay(300);
      response.writeHead(503).end();
    };
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization })).status, 503);
    provider.behaviour = undefined;
    const spans = await traceOf(gateway);
    assert.deepEqual(waitsOf(spans), ['auth.jwks_wait_seconds']);
    const verify = spans.find(({ name }) => name === 'auth.verify')!;
    const seconds = Number(attributesOf(verify)['auth.jwks_wait_seconds']);
    assert.ok(seconds >= 0.29 && seconds <= secondsOf(verify), `${seconds} of ${secondsOf(verify)}`);
  });

  it('for another attempt is on the span of that attempt, and fills the gap between both', async () => {
    const gateway = await start({ upload: { multipart_threshold: '5MiB', part_size: '5MiB' } });
    let failures = 0;
    store.behaviour = (request, response, record) => {
      const created = request.url!.includes('uploads=');
      if (request.method === 'POST') return answering(200, created ? CREATED : COMPLETED)(request, response, record);
      if (failures++ > 0) return answerWell(request, response, record);
      return answering(500, '<Error><Code>InternalError</Code></Error>')(request, response, record);
    };
    // One part after the other: the second is the last one.
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(6 * MIB))).status, 200);
    store.behaviour = answerWell;
    const spans = await traceOf(gateway);
    assert.deepEqual(waitsOf(spans), ['s3.retry_wait_seconds']);
    const again = spans.find((span) => attributesOf(span)['s3.retry_wait_seconds'] !== undefined)!;
    const number = attributesOf(again)['aws.s3.part_number'];
    const first = spans.find((span) => span !== again && attributesOf(span)['aws.s3.part_number'] === number)!;
    const gap = Number(again.start - first.end) / 1e9;
    const seconds = Number(attributesOf(again)['s3.retry_wait_seconds']);
    // The rest of the gap, some microseconds, is longer where the machine is busy.
    assert.ok(seconds <= gap + 0.001 && seconds > gap / 2, `${seconds} of ${gap}`);
  });

  for (const [method, path] of [
    ['PUT', '/uploads/k'],
    ['GET', `/uploads/k?uploadId=${sealedId('k', 'store-upload-1')}`],
  ] as const) {
    it(`for a connection before another attempt at ${method} is not for the store`, async () => {
      const gateway = await start({ s3: { max_connections: 1 } });
      let other: Promise<unknown> | undefined;
      store.behaviour = async (...exchange) => {
        const well = method === 'GET' ? answering(200, '<ListPartsResult/>') : answerWell;
        store.behaviour = (...next) => (isOther(next[0]) ? late(SLOW, answerWell) : well)(...next);
        other = send(gateway.url, 'PUT', '/uploads/other', 'hello');
        await untilQueued(gateway);
        await reset(...exchange);
      };
      assert.equal((await send(gateway.url, method, path, method === 'PUT' ? 'hello' : undefined)).status, 200);
      await other;
      store.behaviour = answerWell;
      assertQueued(await traceOf(gateway));
    });
  }

  describe('for the store, of an object in parts', () => {
    const SPLIT = { multipart_threshold: '5MiB', part_size: '5MiB' };
    const putInParts = async (gateway: TestGateway, bytes: number): Promise<readonly DecodedSpan[]> => {
      assert.equal((await send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(bytes))).status, 200);
      store.behaviour = answerWell;
      return traceOf(gateway);
    };

    it('includes its creation', async () => {
      const gateway = await start({ upload: SPLIT });
      store.behaviour = inParts({ create: late(SLOW, answering(200, CREATED)) });
      const spans = await putInParts(gateway, 5 * MIB + 1); // too few bytes to fill a buffer after the first part
      const seconds = secondsIn(spans, 'upload.store_wait_seconds');
      assert.ok(seconds >= 0.39, `${seconds} s`);
    });

    it('includes the wait for the end of another part', async () => {
      const gateway = await start({ upload: { ...SPLIT, concurrent_parts: 1 } });
      store.behaviour = inParts({ part: late(SLOW, answerWell) });
      const spans = await putInParts(gateway, 10 * MIB + 1);
      const seconds = secondsIn(spans, 'upload.store_wait_seconds');
      const upload = spans.find(({ name }) => name === 's3.upload')!;
      assert.ok(seconds >= 1.1 && seconds <= secondsOf(upload), `${seconds} s of ${secondsOf(upload)}`);
    });

    it('does not include the queue for a connection', async () => {
      const gateway = await start({ upload: SPLIT, s3: { max_connections: 1 } });
      let other: Promise<unknown> | undefined;
      const create: Behaviour = async (...exchange) => {
        other = send(gateway.url, 'PUT', '/uploads/other', 'hello');
        await untilQueued(gateway);
        await answering(200, CREATED)(...exchange);
      };
      const part: Behaviour = (...exchange) =>
        (isOther(exchange[0]) ? late(SLOW, answerWell) : answerWell)(...exchange);
      store.behaviour = inParts({ create, part });
      const spans = await putInParts(gateway, 6 * MIB);
      await other;
      assertQueued(spans);
    });

    it('does not include the pause before another attempt', async (test) => {
      const gateway = await start({ upload: SPLIT });
      test.mock.method(Math, 'random', () => 0.999); // the longest pauses: 200 ms and 400 ms
      let failures = 0;
      const refuse = answering(500, '<Error><Code>InternalError</Code></Error>');
      store.behaviour = inParts({
        part: (...exchange) =>
          (exchange[0].url!.includes('partNumber=2') && failures++ < 2 ? refuse : answerWell)(...exchange),
      });
      const spans = await putInParts(gateway, 6 * MIB);
      const pauses = secondsIn(spans, 's3.retry_wait_seconds');
      const seconds = secondsIn(spans, 'upload.store_wait_seconds');
      assert.ok(pauses >= 0.59, `${pauses} s`);
      assert.ok(seconds < 0.3, `${seconds} s, and ${pauses} s of pauses`);
    });
  });
});

const secondsIn = (spans: readonly DecodedSpan[], name: string): number =>
  Number(attributesOf(spans.find((span) => span.name === 's3.upload')!)[name] ?? 0);

const late =
  (millis: number, then: Behaviour): Behaviour =>
  async (...exchange) => {
    await delay(millis);
    await then(...exchange);
  };

const isOther = ({ url }: { readonly url?: string | undefined }): boolean => url!.includes('/other');

async function untilQueued({ app }: TestGateway): Promise<void> {
  const url = `http://127.0.0.1:${app.metricsPort}/metrics`;
  while ((await readMetrics(url))('mizuchi_store_connections_waiting') === 0) await delay(1);
}

/** It waited for a connection while another request had it. */
function assertQueued(spans: readonly DecodedSpan[]): void {
  const queue = secondsIn(spans, 'upload.connection_wait_seconds');
  const seconds = secondsIn(spans, 'upload.store_wait_seconds');
  assert.ok(queue >= 0.35, `${queue} s`);
  assert.ok(seconds < 0.3, `${seconds} s, and ${queue} s in the queue`);
}

/** A store that responds well to what is not given. */
function inParts({
  create = answering(200, CREATED),
  part = answerWell,
}: {
  create?: Behaviour;
  part?: Behaviour;
}): Behaviour {
  const complete = answering(200, COMPLETED);
  return (...exchange) => {
    const { method, url } = exchange[0];
    if (method !== 'POST') return part(...exchange);
    return (url!.includes('uploads=') ? create : complete)(...exchange);
  };
}

const secondsOf = ({ start, end }: DecodedSpan): number => Number(end - start) / 1e9;
