/** The formats of trace context, in and out: what callers send in each, and what the store gets, read by other eyes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const XRAY = `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN};Sampled=1`;

describe('the format of trace context', () => {
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
  async function upload(
    propagators: readonly string[] | undefined,
    headers: Record<string, string>,
    more: object = {},
  ) {
    const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf' };
    const tracing = { enabled: true, otlp, propagators, trusted_proxies: ['127.0.0.1'], ...more };
    const gateway = await startGateway({ storeUrl: store.url, tracing });
    gateways.push(gateway);
    const answer = await send(gateway.url, 'PUT', '/uploads/k', 'hello', headers);
    assert.equal(answer.status, 200, answer.body);
    const [, traceId, spanId] = /00-(\w{32})-(\w{16})-/.exec(String(answer.headers['server-timing']))!;
    await gateway.close();
    const call = collector.spans().find((span) => span.traceId === traceId && span.name === 'aws.s3.put_object');
    const root = collector.spans().find((span) => span.spanId === spanId);
    return { traceId, parent: root?.parentSpanId, call: call?.spanId, told: store.requests.at(-1)!.headers };
  }

  for (const [name, headers] of [
    ['tracecontext', { traceparent: `00-${TRACE}-${SPAN}-01` }],
    ['b3', { b3: `${TRACE}-${SPAN}-1` }],
    ['b3multi', { 'X-B3-TraceId': TRACE, 'X-B3-SpanId': SPAN, 'X-B3-Sampled': '1' }],
    ['xray', { 'X-Amzn-Trace-Id': XRAY }],
  ] as const) {
    it(`${name} is read`, async () => {
      const { traceId, parent } = await upload([name], headers);
      assert.deepEqual([traceId, parent], [TRACE, SPAN]);
    });

    if (name === 'b3multi' || name === 'xray') {
      it(`${name} is read in upper case, too, and goes on in lower case`, async () => {
        const shouted = Object.entries(headers).map(([header, value]) => [
          header,
          value.replace(/[0-9a-f]{8,}/g, (digits) => digits.toUpperCase()),
        ]);
        const { traceId, parent, told } = await upload([name, 'tracecontext'], Object.fromEntries(shouted));
        assert.deepEqual([traceId, parent], [TRACE, SPAN]);
        assert.match(String(told.traceparent), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
      });
    }

    it(`${name} is not read unless it is configured`, async () => {
      const other = name === 'tracecontext' ? ['xray'] : undefined;
      const { traceId, parent } = await upload(other, headers);
      assert.notEqual(traceId, TRACE);
      assert.equal(parent, '');
    });
  }

  for (const [name, headers, wantedParent] of [
    ['b3', { b3: `${TRACE}-${SPAN}` }, SPAN],
    ['b3multi', { 'X-B3-TraceId': TRACE, 'X-B3-SpanId': SPAN }, SPAN],
    ['xray', { 'X-Amzn-Trace-Id': XRAY.replace('Sampled=1', 'Sampled=?') }, SPAN],
    ['xray', { 'X-Amzn-Trace-Id': `Self=1-67891234-12456789abcdef0123456789;${XRAY.split(';')[0]}` }, ''],
  ] as const) {
    it(`${name} can leave the decision to the gateway: ${JSON.stringify(headers)}`, async () => {
      const { traceId, parent, told } = await upload([name, 'tracecontext'], headers);
      assert.deepEqual([traceId, parent], [TRACE, wantedParent]);
      assert.match(String(told.traceparent), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
      const dropped = await upload([name, 'tracecontext'], headers, { sampling: { ratio: 0 } });
      assert.deepEqual([dropped.traceId, dropped.parent], [TRACE, undefined]);
      assert.match(String(dropped.told.traceparent), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    });
  }

  for (const headers of [{ b3: '0' }, { 'X-B3-Sampled': '0' }]) {
    it(`b3 can deny without ids: ${JSON.stringify(headers)}`, async () => {
      const { traceId, parent, told } = await upload(['b3'], headers);
      assert.equal(parent, undefined, 'nothing is exported');
      assert.match(String(told.b3), new RegExp(`^${traceId}-[0-9a-f]{16}-0$`));
    });
  }

  it('is written in all configured formats, and in no other', async () => {
    const { traceId, call, told } = await upload(['tracecontext', 'b3', 'b3multi', 'xray'], {});
    assert.equal(told.traceparent, `00-${traceId}-${call}-03`);
    assert.equal(told.b3, `${traceId}-${call}-1`);
    assert.deepEqual([told['x-b3-traceid'], told['x-b3-spanid'], told['x-b3-sampled']], [traceId, call, '1']);
    const root = `1-${traceId!.slice(0, 8)}-${traceId!.slice(8)}`;
    assert.equal(told['x-amzn-trace-id'], `Root=${root};Parent=${call};Sampled=1`);
    const { told: alone } = await upload(undefined, {});
    assert.deepEqual(
      ['b3', 'x-b3-traceid', 'x-amzn-trace-id', 'baggage'].filter((header) => header in alone),
      [],
    );
  });

  it('may hold baggage, which is carried on for trusted callers only', async () => {
    const propagators = ['tracecontext', 'baggage'];
    const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: 'tenant=a,region=eu' };
    assert.equal((await upload(propagators, headers)).told.baggage, 'tenant=a,region=eu');
    const stranger = { trusted_proxies: ['192.0.2.0/24'] };
    assert.equal((await upload(propagators, headers, stranger)).told.baggage, undefined);
    assert.equal((await upload(propagators, { baggage: 'tenant=a' }, stranger)).told.baggage, undefined);
  });
});
