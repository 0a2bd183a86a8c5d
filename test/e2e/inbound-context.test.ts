/** Whose trace context the gateway believes: through the running gateway, with what a collector gets. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const TRACE = 'f'.repeat(32);
const SPAN = 'b'.repeat(16);

describe('a caller with its own trace', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  const gateways: TestGateway[] = [];
  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
  });
  after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await collector.close();
    await store.close();
  });

  const W3C = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'their=1', baggage: 'user=alice' };
  /** What the store was told, and the request's span, if it was kept. */
  async function upload(tracing: object, headers: Record<string, string> = W3C) {
    const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf' };
    const gateway = await startGateway({
      storeUrl: store.url,
      tracing: { enabled: true, otlp, batch: { scheduled_delay_millis: 10 }, ...tracing },
    });
    gateways.push(gateway);
    const answer = await send(gateway.url, 'PUT', '/uploads/k', 'hello', headers);
    assert.equal(answer.status, 200);
    const { headers: told } = store.requests.at(-1)!;
    const [, traceId, spanId] = /00-(\w{32})-(\w{16})-/.exec(String(answer.headers['server-timing']))!;
    await gateway.close(); // which delivers what there is
    const span = collector.spans().find((each) => each.spanId === spanId);
    return { traceId, span, told };
  }
  const linksOf = (span: DecodedSpan | undefined): (readonly [string, string])[] =>
    (span?.links ?? []).map((link) => [link.traceId, link.spanId] as const);

  it('is continued', async () => {
    const { traceId, span, told } = await upload({});
    assert.deepEqual([traceId, span?.parentSpanId], [TRACE, SPAN]);
    assert.deepEqual([String(told.traceparent).split('-')[1], told.tracestate], [TRACE, 'their=1']);
    assert.equal(told.baggage, undefined, 'what strangers would have carried along ends here');
  });

  it('is linked to where the trace begins anew', async () => {
    const { traceId, span, told } = await upload({ inbound: 'restart' });
    assert.notEqual(traceId, TRACE);
    assert.equal(span?.parentSpanId, '');
    assert.deepEqual(linksOf(span), [[TRACE, SPAN]]);
    assert.deepEqual([String(told.traceparent).split('-')[1], told.tracestate], [traceId, undefined]);
  });

  it('leaves no mark where it is ignored', async () => {
    const { traceId, span } = await upload({ inbound: 'ignore' });
    assert.notEqual(traceId, TRACE);
    assert.deepEqual([span?.parentSpanId, linksOf(span)], ['', []]);
  });

  it('is continued where its address is trusted', async () => {
    const { traceId, span } = await upload({ inbound: 'ignore', trusted_proxies: ['127.0.0.0/8'] });
    assert.deepEqual([traceId, span?.parentSpanId], [TRACE, SPAN]);
  });

  it('gets the ratio of untrusted callers, though it samples all under one trace id', async (t) => {
    const gateway = await startGateway({
      storeUrl: store.url,
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        sampling: { remote_ratio: 0.5 },
      },
    });
    t.after(() => gateway.close());
    const traceparent = `00-${TRACE}-${SPAN}-01`;
    const flags: string[] = [];
    for (let i = 0; i < 200; i++) {
      const { headers } = await send(gateway.url, 'PUT', '/uploads/k', 'x', { traceparent });
      flags.push(/-(\w\w)"$/.exec(String(headers['server-timing']))![1]!);
    }
    const kept = flags.filter((each) => each === '01').length;
    // It is thrown for, not taken from the id that the stranger chose: fewer or more than these come once in ten million runs.
    assert.ok(kept > 60 && kept < 140, `${kept} of 200`);
    assert.ok(flags.every((each) => each === '00' || each === '01'));
  });

  for (const [what, sampling, keeps] of [
    ['everything where nothing is said', {}, true],
    ['nothing where the ratio is 0', { ratio: 0 }, false],
    [
      'nothing where the ratio of its bucket is 0',
      { overrides: [{ bucket: 'uploads', strategy: 'parent_based', ratio: 0 }] },
      false,
    ],
    [
      'everything where the ratio of its bucket is 1',
      { ratio: 0, overrides: [{ bucket: 'uploads', strategy: 'parent_based' }] },
      true,
    ],
    ['what remote_ratio says and not the ratio', { ratio: 0, remote_ratio: 1 }, true],
  ] as const) {
    it(`gets a ratio of traces like the gateway's own: ${what}`, async () => {
      const { traceId, span } = await upload({ sampling });
      assert.deepEqual([traceId, span !== undefined], [TRACE, keeps]);
    });
  }

  for (const [propagator, headers, forced] of [
    [
      'b3multi',
      { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-flags': '1' },
      /"x-b3-flags":"1"|"x-b3-sampled":"1"/,
    ],
    ['b3multi', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }, /"x-b3-sampled":"1"/],
    ['b3', { b3: `${TRACE}-${SPAN}-d` }, /"b3":"[^"]*-[d1]"/],
    ['b3', { b3: `${TRACE}-${SPAN}-1` }, /"b3":"[^"]*-[d1]"/],
    [
      'xray',
      { 'x-amzn-trace-id': `Root=1-ffffffff-${'f'.repeat(24)};Parent=${SPAN};Sampled=1;Lineage=a:1` },
      /Sampled=1|Lineage/,
    ],
    ['tracecontext', W3C, /"traceparent":"[^"]*-0[13]"/],
  ] as const) {
    it(`cannot force a trace, here or at the store, by ${propagator} ${JSON.stringify(headers)}`, async () => {
      const { traceId, span, told } = await upload({ propagators: [propagator], sampling: { ratio: 0 } }, headers);
      assert.deepEqual([traceId, span], [TRACE, undefined]);
      assert.ok(JSON.stringify(told).includes(TRACE.slice(0, 8)));
      assert.doesNotMatch(JSON.stringify(told), forced);
    });
  }

  it('cannot put a debug flag before the store where its trace is kept either', async () => {
    const headers = { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-flags': '1' };
    const { span, told } = await upload({ propagators: ['b3multi'] }, headers);
    assert.ok(span);
    assert.deepEqual([told['x-b3-sampled'], told['x-b3-flags']], ['1', undefined]);
  });

  for (const strategy of ['parent_based', 'ratio'] as const) {
    it(`cannot have its trace kept by ${strategy} if none of untrusted callers are`, async () => {
      const { traceId, span, told } = await upload({ sampling: { strategy, ratio: 0.5, remote_ratio: 0 } });
      assert.deepEqual([traceId, span], [TRACE, undefined]);
      assert.match(String(told.traceparent), /-00$/);
    });
  }
});
