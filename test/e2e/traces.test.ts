import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { SCHEMA_URL } from '../../src/export/otlp/resource.ts';
import { SPANS } from '../../src/tracing/catalogue.ts';
import { RawClient, send } from '../support/http-client.ts';
import type { DecodedSpan, DecodedValue } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveGrpc, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const SERVER = 2;
const INTERNAL = 1;
const CLIENT = 3;
const ERROR = 2;

function plain(value: DecodedValue | undefined): string | number | boolean | undefined {
  if (value === undefined) return undefined;
  if ('string' in value) return value.string;
  if ('int' in value) return Number(value.int);
  if ('double' in value) return value.double;
  return 'bool' in value ? value.bool : JSON.stringify(value);
}
const attribute = (span: DecodedSpan, name: string) => plain(span.attributes[name]);

/** The spans of one trace by name, checked to be one tree that begins below `callerSpanId`. */
async function traceOf(collector: OtlpReceiver, traceId: string, spans: number): Promise<DecodedSpan[]> {
  const mine = () => collector.spans().filter((span) => span.traceId === traceId);
  await collector.until(() => mine().length >= spans);
  assert.equal(
    mine().length,
    spans,
    mine()
      .map(({ name }) => name)
      .join(', '),
  );
  return mine();
}
function byName(spans: readonly DecodedSpan[], name: string): DecodedSpan {
  const found = spans.filter((span) => span.name === name);
  assert.equal(found.length, 1, `${found.length} spans are called ${name}`);
  return found[0]!;
}
const newTrace = () => {
  const [traceId, callerSpanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, callerSpanId, traceparent: `00-${traceId}-${callerSpanId}-01` };
};

/** Every attribute that arrived is in the catalogue, with the type it has there. */
function assertCatalogued(spans: readonly DecodedSpan[]): void {
  const kinds = { string: 'string', int: 'int', double: 'double', boolean: 'bool' } as const;
  for (const span of spans) {
    const shape = SPANS[span.name];
    assert.ok(shape !== undefined, `${span.name} is not in the catalogue`);
    const legacy = Object.entries(shape.attributes).flatMap(([, known]) =>
      known.legacy ? [[known.legacy, known] as const] : [],
    );
    const known = new Map([...Object.entries(shape.attributes), ...legacy]);
    for (const [name, value] of Object.entries(span.attributes)) {
      const type = known.get(name)?.type ?? (name === 'http.target' ? 'string' : undefined);
      assert.ok(type !== undefined, `${name} on ${span.name} is not in the catalogue`);
      assert.ok(kinds[type] in value, `${name} on ${span.name} is ${JSON.stringify(value)}, not ${type}`);
    }
    assert.equal(span.attributeCount, Object.keys(span.attributes).length);
  }
}

for (const [protocol, receive] of [
  ['http/protobuf', receiveHttp],
  ['grpc', receiveGrpc],
] as const) {
  for (const compression of ['gzip', 'none'] as const) {
    describe(`traces over ${protocol} with compression ${compression}`, () => {
      let store: RawStore;
      let collector: OtlpReceiver;
      let gateway: TestGateway;
      before(async () => {
        store = await RawStore.start();
        collector = await receive();
        gateway = await startGateway({
          storeUrl: store.url,
          tracing: {
            enabled: true,
            environment: 'test',
            otlp: { endpoint: collector.endpoint, protocol, compression, headers: { 'x-api-key': 'collector-secret' } },
            batch: { scheduled_delay_millis: 50 },
            resource: { 'service.version': '7.7.7', 'team.name': 'uploads' },
          },
        });
      });
      beforeEach(() => {
        store.behaviour = answerWell;
        store.requests.length = 0;
      });
      after(async () => {
        await gateway.close();
        await collector.close();
        await store.close();
      });

      it('shows a PutObject as one tree, and hands its context to the store', async () => {
        const { traceId, callerSpanId, traceparent } = newTrace();
        const headers = { traceparent, tracestate: 'vendor=1', 'user-agent': 'test/1' };
        const answer = await send(gateway.url, 'PUT', '/uploads/a%20b?x-id=PutObject', 'hello', headers);
        const spans = await traceOf(collector, traceId, 4);
        const [root, upload, put] = ['http.server.request', 's3.upload', 'aws.s3.put_object'].map((name) =>
          byName(spans, name),
        );
        assert.deepEqual([root!.kind, upload!.kind, put!.kind], [SERVER, INTERNAL, CLIENT]);
        const auth = byName(spans, 'auth.verify');
        assert.equal(auth.parentSpanId, root!.spanId);
        assert.deepEqual(auth.attributes, {
          'auth.method': { string: 'anonymous' },
          'auth.result': { string: 'accepted' },
        });
        assert.deepEqual(
          [root!.parentSpanId, upload!.parentSpanId, put!.parentSpanId],
          [callerSpanId, root!.spanId, upload!.spanId],
        );
        assert.ok(root!.start <= upload!.start && upload!.start <= put!.start);
        assert.ok(put!.end <= upload!.end && upload!.end <= root!.end);
        assert.deepEqual(
          spans.map(({ status }) => status.code),
          [0, 0, 0, 0],
        );
        assert.equal(answer.headers['server-timing'], `traceparent;desc="00-${traceId}-${root!.spanId}-01"`);
        assert.equal(store.requests[0]!.headers.traceparent, `00-${traceId}-${put!.spanId}-01`);
        assert.equal(store.requests[0]!.headers.tracestate, 'vendor=1');
        assert.doesNotMatch(String(store.requests[0]!.headers.authorization), /traceparent|tracestate/);
        const expected: [DecodedSpan, Record<string, string | number | boolean>][] = [
          [
            root!,
            {
              'http.request.method': 'PUT',
              'url.path': '/uploads/a%20b',
              'url.query': 'x-id=PutObject',
              'url.scheme': 'http',
              'http.route': '/uploads/{key}',
              'http.response.status_code': 200,
              'http.request.body.size': 5,
              'server.address': '127.0.0.1',
              'server.port': gateway.app.port,
              'client.address': '127.0.0.1',
              'network.peer.address': '127.0.0.1',
              'network.protocol.version': '1.1',
              'user_agent.original': 'test/1',
              'sampling.reason': 'parent_sampled',
            },
          ],
          [
            upload!,
            {
              'mizuchi.bucket': 'uploads',
              's3.bucket': 'my-bucket',
              's3.key': 'a b',
              's3.operation': 'PutObject',
              'upload.size_bytes': 5,
              'upload.received_bytes': 5,
              'upload.method': 'single',
              'upload.zero_copy': false,
            },
          ],
          [
            put!,
            {
              'rpc.system.name': 'aws-api',
              'rpc.system': 'aws-api',
              'rpc.service': 'S3',
              'rpc.method': 'PutObject',
              'aws.s3.bucket': 'my-bucket',
              'aws.s3.key': 'a b',
              'aws.request_id': 'STORE0001',
              'aws.extended_request_id': 'extended',
              'http.response.status_code': 200,
            },
          ],
        ];
        for (const [span, attributes] of expected) {
          for (const [name, value] of Object.entries(attributes))
            assert.equal(attribute(span, name), value, `${span.name} ${name}`);
        }
        assert.ok('double' in upload!.attributes['upload.client_wait_seconds']!);
        assert.ok('double' in upload!.attributes['upload.store_wait_seconds']!);
        assertCatalogued(spans);
        const { resource, scope, schemaUrls } = collector.exports[0]!.requests[0]!;
        assert.deepEqual(schemaUrls, [SCHEMA_URL, SCHEMA_URL]);
        assert.equal(plain(resource['telemetry.sdk.name']), 'mizuchi-uploadr');
        assert.equal(plain(resource['service.name']), 'mizuchi-uploadr');
        assert.equal(plain(resource['service.version']), '7.7.7');
        assert.equal(plain(resource['deployment.environment.name']), 'test');
        assert.equal(plain(resource['team.name']), 'uploads');
        assert.ok(scope.name.length > 0);
        assert.equal(collector.exports[0]!.headers['x-api-key'], 'collector-secret');
        assert.equal(collector.exports[0]!.compressed, compression === 'gzip');
      });

      it('shows a whole multipart upload as one trace where the client sends one context', async () => {
        const { traceId, traceparent } = newTrace();
        const headers = { traceparent };
        store.behaviour = answering(
          200,
          '<InitiateMultipartUploadResult><UploadId>up-1</UploadId></InitiateMultipartUploadResult>',
        );
        const created = await send(gateway.url, 'POST', '/uploads/k?uploads', '', headers);
        const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(created.body)![1];
        store.behaviour = answerWell;
        for (const part of [1, 2]) {
          await send(
            gateway.url,
            'PUT',
            `/uploads/k?partNumber=${part}&uploadId=${uploadId}`,
            Buffer.alloc(100_000),
            headers,
          );
        }
        store.behaviour = answering(200, '<ListPartsResult/>');
        await send(gateway.url, 'GET', `/uploads/k?uploadId=${uploadId}`, undefined, headers);
        store.behaviour = answering(200, '<CompleteMultipartUploadResult/>');
        const part = (number: number) => `<Part><PartNumber>${number}</PartNumber><ETag>e</ETag></Part>`;
        const document = `<CompleteMultipartUpload>${part(1)}${part(2)}</CompleteMultipartUpload>`;
        await send(gateway.url, 'POST', `/uploads/k?uploadId=${uploadId}`, document, headers);
        store.behaviour = answering(204, '');
        await send(gateway.url, 'DELETE', `/uploads/k?uploadId=${uploadId}`, undefined, headers);
        const spans = await traceOf(collector, traceId, 24);
        assertCatalogued(spans);
        const uploads = spans.filter(({ name }) => name === 's3.upload');
        assert.equal(uploads.length, 6);
        for (const span of uploads) {
          assert.equal(attribute(span, 'aws.s3.upload_id'), 'up-1');
          assert.equal(attribute(span, 'upload.method'), 'multipart');
        }
        assert.equal(
          attribute(
            uploads.find((span) => attribute(span, 's3.operation') === 'CompleteMultipartUpload')!,
            'upload.parts',
          ),
          2,
        );
        const parts = spans.filter(({ name }) => name === 'aws.s3.upload_part');
        assert.deepEqual(parts.map((span) => attribute(span, 'aws.s3.part_number')).sort(), [1, 2]);
        for (const name of [
          'create_multipart_upload',
          'complete_multipart_upload',
          'abort_multipart_upload',
          'list_parts',
        ]) {
          byName(spans, `aws.s3.${name}`);
        }
      });

      it('shows why a request was refused, and the client finds its trace by the error', async () => {
        const { traceId, traceparent } = newTrace();
        const answer = await send(
          gateway.url,
          'GET',
          '/uploads/secret?X-Amz-Signature=abcdef&token=abcdef',
          undefined,
          { traceparent },
        );
        assert.match(answer.body, new RegExp(`<TraceId>${traceId}</TraceId>`));
        const [root] = await traceOf(collector, traceId, 1);
        assert.equal(root!.status.code, 0); // a client's mistake is no error of the server
        assert.equal(attribute(root!, 'error.type'), 'method_not_allowed');
        assert.equal(attribute(root!, 's3.error.code'), 'MethodNotAllowed');
        assert.equal(attribute(root!, 'http.response.status_code'), 405);
        assert.equal(attribute(root!, 'url.query'), 'X-Amz-Signature=REDACTED&token=REDACTED');
        assertCatalogued([root!]);
      });

      it('shows an upload that the client aborted, and how far it came', async () => {
        const { traceId, traceparent } = newTrace();
        const client = await RawClient.connect(gateway.url);
        const arrived = store.next();
        client.write(
          `PUT /uploads/k HTTP/1.1\r\nHost: g\r\ntraceparent: ${traceparent}\r\nContent-Length: 1000000\r\n\r\n`,
        );
        client.write(Buffer.alloc(300_000));
        await arrived;
        client.destroy();
        const spans = await traceOf(collector, traceId, 4);
        for (const name of ['http.server.request', 's3.upload']) {
          assert.equal(byName(spans, name).status.code, ERROR, name);
          assert.equal(attribute(byName(spans, name), 'error.type'), 'client_aborted', name);
        }
        const cancelled = byName(spans, 'aws.s3.put_object');
        assert.equal(cancelled.status.code, 0); // not an error of the store
        assert.equal(attribute(cancelled, 'error.type'), undefined);
        assert.equal(attribute(cancelled, 's3.cancellation_reason'), 'client_aborted');
        assert.equal(attribute(byName(spans, 'http.server.request'), 'http.response.status_code'), undefined);
        const upload = byName(spans, 's3.upload');
        assert.equal(attribute(upload, 'upload.size_bytes'), 1_000_000);
        const came = Number(attribute(upload, 'upload.received_bytes'));
        const gone = Number(attribute(byName(spans, 'aws.s3.put_object'), 'http.request.body.size'));
        assert.ok(came <= 300_000 && gone >= 0 && gone <= came, `${came} bytes came, ${gone} went`);
        assertCatalogued(spans);
      });

      it('shows each attempt at the store next to the other', async () => {
        const { traceId, traceparent } = newTrace();
        let calls = 0;
        store.behaviour = (request, response, record) => {
          if (++calls === 1) request.socket.destroy();
          else return answerWell(request, response, record);
        };
        assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello', { traceparent })).status, 200);
        const spans = await traceOf(collector, traceId, 5);
        const attempts = spans
          .filter(({ name }) => name === 'aws.s3.put_object')
          .sort((a, b) => Number(a.start - b.start));
        assert.deepEqual(
          attempts.map((span) => attribute(span, 'http.request.resend_count')),
          [undefined, 1],
        );
        assert.deepEqual(
          attempts.map(({ status }) => status.code),
          [ERROR, 0],
        );
        assert.equal(attribute(attempts[0]!, 'error.type'), 'store_reset');
        assert.equal(attempts[0]!.parentSpanId, attempts[1]!.parentSpanId);
        const contexts = store.requests.map(({ headers }) => String(headers.traceparent).split('-')[2]);
        assert.deepEqual(
          contexts,
          attempts.map(({ spanId }) => spanId),
        );
        assert.equal(byName(spans, 'http.server.request').status.code, 0);
        assertCatalogued(spans);
      });

      it("shows the store's error as the store's", async () => {
        const { traceId, traceparent } = newTrace();
        store.behaviour = answering(503, '<Error><Code>SlowDown</Code><Message>less, please</Message></Error>');
        await send(gateway.url, 'PUT', '/uploads/k', 'hello', { traceparent });
        const spans = await traceOf(collector, traceId, 4);
        for (const span of spans.filter(({ name }) => name !== 'auth.verify'))
          assert.equal(span.status.code, ERROR, span.name);
        assert.equal(attribute(byName(spans, 'aws.s3.put_object'), 'http.response.status_code'), 503);
        assert.equal(attribute(byName(spans, 'aws.s3.put_object'), 'http.request.body.size'), 5);
        assert.equal(attribute(byName(spans, 'http.server.request'), 's3.error.code'), 'SlowDown');
        assert.equal(attribute(byName(spans, 'http.server.request'), 'error.type'), 'store_error');
        assertCatalogued(spans);
      });

      it('traces bytes that are not HTTP at all', async () => {
        const before = collector.spans().length;
        const client = await RawClient.connect(gateway.url);
        client.write('NONSENSE\r\n\r\n');
        const answer = await client.closed();
        const traceId = /<TraceId>([0-9a-f]{32})<\/TraceId>/.exec(answer)?.[1];
        assert.ok(traceId !== undefined, answer);
        const [root] = await traceOf(collector, traceId, 1);
        assert.equal(attribute(root!, 'http.request.method'), '_OTHER');
        assert.equal(attribute(root!, 'http.response.status_code'), 400);
        assert.ok(collector.spans().length > before);
      });

      it('writes the ids into the log line and the metrics', async () => {
        const { traceId, traceparent } = newTrace();
        const metrics = `http://127.0.0.1:${gateway.app.metricsPort}`;
        const look = () => send(metrics, 'GET', '/metrics', undefined, { accept: 'application/openmetrics-text' });
        await look(); // exemplars are of what comes next
        await send(gateway.url, 'PUT', '/uploads/k', 'hello', { traceparent });
        const root = byName(await traceOf(collector, traceId, 4), 'http.server.request');
        const line = gateway.log.find(({ trace_id }) => trace_id === traceId)!;
        assert.deepEqual([line.span_id, line.trace_flags, line.status], [root.spanId, '01', 200]);
        const { body } = await look();
        assert.ok(body.includes(`trace_id="${traceId}",span_id="${root.spanId}"`));
        assert.match(body, /^mizuchi_tracer_exported_spans_total [1-9]/m);
      });

      it('lets no secret into spans, log or metrics', async () => {
        const secret = 'S3CR3T';
        const { traceId, traceparent } = newTrace();
        await send(
          gateway.url,
          'PUT',
          `/uploads/k?X-Amz-Signature=${secret}&X-Amz-Credential=${secret}&x-amz-security-token=${secret}`,
          'x',
          {
            traceparent,
            authorization: `Bearer ${secret}`,
            cookie: secret,
            'x-amz-security-token': secret,
            'x-amz-server-side-encryption-customer-key': secret,
            'x-amz-meta-private': secret,
          },
        );
        const spans = await traceOf(collector, traceId, 4);
        const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
        const everything =
          JSON.stringify(spans, (_, value) => (typeof value === 'bigint' ? String(value) : value)) +
          JSON.stringify(gateway.log) +
          body;
        assert.ok(!everything.includes(secret));
        for (const own of ['mizuchi-secret', 'collector-secret']) assert.ok(!everything.includes(own));
      });
    });
  }
}

describe('tracing by configuration', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
  });
  after(async () => {
    await collector.close();
    await store.close();
  });
  const opened: TestGateway[] = [];
  afterEach(async () => {
    for (const gateway of opened.splice(0)) await gateway.close();
  });
  const start = async (tracing: object, s3: Record<string, unknown> = {}): Promise<TestGateway> => {
    const gateway = await startGateway({
      storeUrl: store.url,
      s3,
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 50 },
        ...tracing,
      },
    });
    opened.push(gateway);
    return gateway;
  };

  it('begins a new trace for a caller without one, and names it with flags that browsers’ agents read', async () => {
    const gateway = await start({});
    const { headers } = await send(gateway.url, 'PUT', '/uploads/k', 'x');
    const [, traceId, spanId] = /^traceparent;desc="00-([0-9a-f]{32})-([0-9a-f]{16})-01"$/.exec(
      String(headers['server-timing']),
    )!;
    const root = byName(await traceOf(collector, traceId!, 4), 'http.server.request');
    assert.deepEqual([root.spanId, root.parentSpanId], [spanId, '']);
    await gateway.close();
  });

  it('sends the store no context where propagate is false', async () => {
    const gateway = await start({}, { propagate: false });
    store.requests.length = 0;
    await send(gateway.url, 'PUT', '/uploads/k', 'x', { traceparent: newTrace().traceparent, tracestate: 'a=b' });
    assert.equal(store.requests[0]!.headers.traceparent, undefined);
    assert.equal(store.requests[0]!.headers.tracestate, undefined);
    await gateway.close();
  });

  it('records nothing if the strategy is never, and still passes the context on', async () => {
    const gateway = await start({ sampling: { strategy: 'never' } });
    store.requests.length = 0;
    const { traceId, traceparent } = newTrace();
    const answer = await send(gateway.url, 'PUT', '/uploads/k', 'x', { traceparent });
    assert.match(String(answer.headers['server-timing']), new RegExp(`00-${traceId}-[0-9a-f]{16}-00"`));
    assert.match(String(store.requests[0]!.headers.traceparent), new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    assert.equal(gateway.log.find(({ trace_id }) => trace_id === traceId)!.trace_flags, '00');
    await gateway.close();
    assert.equal(collector.spans().filter((span) => span.traceId === traceId).length, 0);
  });

  for (const [conventions, has, hasNot] of [
    ['stable', ['http.request.method', 'url.path'], ['http.method', 'http.target', 'net.peer.ip']],
    [
      'legacy',
      ['http.method', 'http.target', 'http.status_code', 'http.request_content_length', 'net.peer.ip'],
      ['http.request.method', 'url.path'],
    ],
    ['dup', ['http.request.method', 'url.path', 'http.method', 'http.target', 'http.status_code', 'net.peer.ip'], []],
  ] as const) {
    it(`names attributes by semantic_conventions: ${conventions}`, async () => {
      const gateway = await start({ semantic_conventions: conventions });
      const { traceId, traceparent } = newTrace();
      await send(gateway.url, 'PUT', '/uploads/k?x-id=PutObject', 'x', { traceparent });
      const root = byName(await traceOf(collector, traceId, 4), 'http.server.request');
      for (const name of has) assert.ok(name in root.attributes, name);
      for (const name of hasNot) assert.ok(!(name in root.attributes), name);
      if (conventions !== 'stable') assert.equal(attribute(root, 'http.target'), '/uploads/k?x-id=PutObject');
      await gateway.close();
    });
  }

  it('names spans as the semantic conventions do with span_names: semconv', async () => {
    const gateway = await start({ span_names: 'semconv' });
    const { traceId, traceparent } = newTrace();
    await send(gateway.url, 'PUT', '/uploads/k', 'x', { traceparent });
    const spans = await traceOf(collector, traceId, 4);
    assert.deepEqual(spans.map(({ name }) => name).sort(), [
      'PUT /uploads/{key}',
      'S3.PutObject',
      'auth.verify',
      's3.upload',
    ]);
    const other = newTrace();
    await send(gateway.url, 'PUT', '/nowhere/k', 'x', { traceparent: other.traceparent });
    assert.deepEqual(
      (await traceOf(collector, other.traceId, 1)).map(({ name }) => name),
      ['PUT'],
    );
    await gateway.close();
  });

  it('delivers the last spans on shutdown', async () => {
    const gateway = await start({ batch: { scheduled_delay_millis: 60_000 } });
    const { traceId, traceparent } = newTrace();
    await send(gateway.url, 'PUT', '/uploads/k', 'x', { traceparent });
    await gateway.close();
    assert.equal(collector.spans().filter((span) => span.traceId === traceId).length, 4);
  });

  it('fills a batch with what the queue holds, where that is less', async () => {
    const gateway = await start({ batch: { scheduled_delay_millis: 3_600_000, max_queue_size: 4 } });
    const { traceId, traceparent } = newTrace();
    await send(gateway.url, 'PUT', '/uploads/k', 'x', { traceparent });
    await collector.until(({ spans }) => spans().filter((span) => span.traceId === traceId).length === 4);
    await gateway.close();
  });

  it('accepts uploads and ends in order while the collector accepts connections and never responds', async () => {
    const hanging = await receiveHttp(() => {});
    const gateway = await start({
      otlp: { endpoint: hanging.endpoint, protocol: 'http/protobuf' },
      batch: { scheduled_delay_millis: 10, max_queue_size: 8, max_export_batch_size: 4 },
    });
    for (let i = 0; i < 20; i++) assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'x')).status, 200);
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    assert.match(body, /^mizuchi_tracer_queue_spans 8$/m);
    assert.match(body, /^mizuchi_tracer_dropped_spans_total\{reason="queue_full"\} 72$/m);
    await gateway.close();
    await hanging.close();
  });
});
