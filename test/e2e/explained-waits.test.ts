/** Waits in the gateway: a slowdown in one place is in the attribute of that place, and in no other. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { COMPLETED, CREATED } from '../support/multipart.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { attributesOf } from '../support/request-trace.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/start-gateway.ts';

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
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(6 * 1024 ** 2))).status, 200);
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
});

const secondsOf = ({ start, end }: DecodedSpan): number => Number(end - start) / 1e9;
