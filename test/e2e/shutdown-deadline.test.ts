/** Requests that the gateway itself resets, because the time of its shutdown is over: the client is not the cause. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { attributesOf } from '../support/request-trace.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const HALF = 'x'.repeat(100_000);
const form = (file: string): string =>
  `--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n${file}`;
const put = (framing: string, body: string): string =>
  `PUT /uploads/k HTTP/1.1\r\nHost: g\r\n${framing}\r\n\r\n${body}`;

const CUT: readonly [string, string][] = [
  ['has come as a whole', put('Content-Length: 5', 'hello')],
  ['is still arriving', put('Content-Length: 200000', HALF)],
  ['is being spliced', put('Content-Length: 400000', HALF)],
  ['is being pumped', put('Content-Length: 400000\r\nx-amz-checksum-crc32: AAAAAA==', HALF)],
];

describe('an upload that is reset at the end of the shutdown', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  before(async () => {
    collector = await receiveHttp();
  });
  beforeEach(async () => {
    store = await RawStore.start();
    store.behaviour = async (request) => void request.resume();
    gateway = await startGateway({
      storeUrl: store.url,
      server: { shutdown_timeout_seconds: 0.05 },
      tracing: { enabled: true, otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' } },
    });
  });
  afterEach(() => store.close());
  after(() => collector.close());

  /** Types of failed spans, and reasons of cancelled attempts at the store. */
  const failed = (): unknown[] =>
    collector.spans().flatMap((span) => {
      const attributes = attributesOf(span);
      return attributes['error.type'] ?? attributes['s3.cancellation_reason'] ?? [];
    });

  for (const [what, request] of CUT) {
    it(`is not the client's fault when it ${what}`, async () => {
      const before = failed().length;
      const client = await RawClient.connect(gateway.url);
      const arrived = store.next();
      client.write(request);
      await arrived;
      await gateway.close();
      assert.equal(await client.closed(), '');
      const line = gateway.log.find(({ message }) => message === 'request');
      assert.deepEqual([line?.status, line?.error_type], [undefined, 'shutting_down']);
      const types = failed().slice(before);
      assert.ok(types.length >= 3, `${types.length} spans failed`); // of the request, the upload and the store
      assert.deepEqual(new Set(types), new Set(['shutting_down']));
    });
  }

  const posted =
    'POST /uploads HTTP/1.1\r\nHost: g\r\nContent-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue';
  const KEPT: readonly [string, string, string][] = [
    ['an object of undeclared length', put('Transfer-Encoding: chunked\r\nExpect: 100-continue', ''), '5\r\nhello\r\n'],
    ['the fields of a form', `${posted}\r\nContent-Length: 200000\r\n\r\n`, form('').slice(0, 60)],
    ['the file of a form', `${posted}\r\nContent-Length: 200000\r\n\r\n`, form(HALF)],
  ];
  for (const [what, head, body] of KEPT) {
    it(`is not the client's fault while ${what} arrives`, async () => {
      const client = await RawClient.connect(gateway.url);
      client.write(head);
      await client.until(/100 Continue/);
      client.write(body);
      await gateway.close();
      assert.equal(gateway.log.find(({ message }) => message === 'request')?.error_type, 'shutting_down');
    });
  }

  it("is the client's fault when the client has closed before", async () => {
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write(put('Content-Length: 200000', HALF));
    await arrived;
    client.destroy();
    const line = () => gateway.log.find(({ message }) => message === 'request');
    while (line() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(line()?.error_type, 'client_aborted');
    await gateway.close();
  });
});

describe('a client that left before the end of the shutdown', () => {
  it('is the one that left, also if its object is stored after the deadline', async (t) => {
    const store = await RawStore.start();
    const arrived = Promise.withResolvers<ServerResponse>();
    store.behaviour = (request, response) => {
      request.resume();
      if (request.url?.endsWith('/left')) arrived.resolve(response);
    };
    const gateway = await startGateway({ storeUrl: store.url, server: { shutdown_timeout_seconds: 0.05 } });
    t.after(() => store.close());
    const line = (path: string) => gateway.log.find((each) => each.path === path);
    const first = await RawClient.connect(gateway.url);
    first.write('PUT /uploads/left HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello');
    const response = await arrived.promise;
    const other = await RawClient.connect(gateway.url);
    const begun = store.next();
    other.write('PUT /uploads/cut HTTP/1.1\r\nHost: g\r\nContent-Length: 200000\r\n\r\n');
    other.write('x'.repeat(100_000));
    await begun;
    first.socket.resetAndDestroy();
    const metrics = `http://127.0.0.1:${gateway.app.metricsPort}/metrics`;
    while ((await readMetrics(metrics))('mizuchi_connections') > 1) await new Promise(setImmediate);
    const closed = gateway.close();
    while (line('/uploads/cut') === undefined) await new Promise(setImmediate);
    response.end();
    await closed;
    assert.equal(line('/uploads/cut')?.error_type, 'shutting_down');
    const { error_type, error_reason, outcome } = line('/uploads/left')!;
    assert.deepEqual([error_type, error_reason, outcome], ['client_aborted', 'succeeded_unheard', 'stored']);
  });
});

describe('a collector that does not respond until the shutdown is over', () => {
  it('is reported as such, and not as one that rejected the spans', async (t) => {
    const store = await RawStore.start();
    const collector = await RawStore.start();
    t.after(() => Promise.all([store.close(), collector.close()]));
    collector.behaviour = async (request) => void request.resume();
    const exported = collector.next();
    const gateway = await startGateway({
      storeUrl: store.url,
      server: { shutdown_timeout_seconds: 0.05 },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.url, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 1 },
      },
    });
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    await exported;
    await gateway.close();
    const line = gateway.log.find(({ message }) => message === 'spans were dropped at shutdown');
    assert.equal(line?.reason, 'the collector did not respond in time');
  });
});
