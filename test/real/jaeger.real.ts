import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { FAILURES } from '../../src/domain/failures.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { clientOf } from './support/each-store.ts';
import { endWithUs } from './support/end-with-us.ts';
import {
  assertRequest,
  bool,
  type Caller,
  int,
  some,
  string,
  VERSION,
  type WantedSpan,
  type WantedTags,
} from './support/expected-span.ts';
import { freePorts } from './support/free-ports.ts';
import { lastLines, STORE_BUCKET } from './support/gateway-in-front.ts';
import { type Jaeger, type JaegerSpan, type JaegerTrace, startJaeger } from './support/jaeger.ts';
import { ACCESS_KEY, type RealStore, SECRET_KEY, startMinio } from './support/real-stores.ts';
import {
  answeredTags,
  callTags,
  failedTags,
  objectTags,
  sentTags,
  serverTags,
  uploadTags,
} from './support/wanted-tags.ts';

describe('traces in a real Jaeger', () => {
  let jaeger: Jaeger;
  let store: RealStore;
  let deadPort: number;
  before(async () => {
    [jaeger, store] = await Promise.all([startJaeger(), startMinio()]);
    [deadPort] = (await freePorts(1)) as [number];
    const direct = clientOf(store.url);
    await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
    direct.destroy();
  });
  after(async () => {
    await jaeger.stop();
    await store.stop();
  });

  const startGateway = async (otlp: object): Promise<GatewayProcess> => {
    const s3 = { endpoint: store.url, bucket: STORE_BUCKET, access_key: ACCESS_KEY, secret_key: SECRET_KEY };
    const gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [
        { name: 'uploads', s3 },
        { name: 'missing', s3: { ...s3, bucket: 'no-such-bucket' } },
        { name: 'unreachable', s3: { ...s3, endpoint: `http://127.0.0.1:${deadPort}` } },
      ],
      tracing: {
        service_name: 'real-gateway',
        environment: 'test',
        semantic_conventions: 'stable',
        resource: { 'team.name': 'uploads' },
        otlp,
        batch: { scheduled_delay_millis: 100 },
      },
      metrics: { port: 0 },
    });
    endWithUs(gateway.process);
    return gateway;
  };

  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    for (const compression of ['gzip', 'none'] as const) {
      describe(`over ${protocol} with compression ${compression}`, () => {
        let gateway: GatewayProcess;
        before(async () => {
          gateway = await startGateway({ endpoint: jaeger.endpoints[protocol], protocol, compression });
        });
        afterEach((test) => {
          if ('passed' in test && !test.passed) process.stderr.write(`${lastLines(gateway)}\n${jaeger.lastWords()}\n`);
        });
        after(() => gateway.stop());

        const request = (method: string, path: string, tags: WantedTags, error?: string): WantedSpan => ({
          name: 'http.server.request',
          error,
          tags: serverTags(gateway.url, method, path, tags),
        });
        const upload = (
          operation: string,
          bucket: string,
          key: string,
          tags: WantedTags,
          error?: string,
        ): WantedSpan => ({
          name: 's3.upload',
          error,
          tags: uploadTags(operation, bucket, key, tags),
        });
        const put = (key: string, tags: WantedTags, error?: string): WantedSpan => ({
          name: 'aws.s3.put_object',
          error,
          tags: callTags(store.url, 'PutObject', 'PUT', key, tags),
        });

        it('show a PutObject, inside the span of the client that sent it', async () => {
          const caller = { ...newCaller(), traceState: 'vendor=value' };
          const body = randomBytes(300_000);
          const began = Date.now();
          const answer = await send(gateway.url, 'PUT', '/uploads/a%20b/c.bin?x-id=PutObject', body, {
            traceparent: traceparent(caller),
            tracestate: caller.traceState,
            'user-agent': 'real-client/1',
          });
          const ended = Date.now();
          assert.equal(answer.status, 200, answer.body);
          const trace = await jaeger.trace(caller.traceId, 4);
          const root = rootOf(trace);
          assertRequest(trace, root, caller, [
            request('PUT', '/uploads/a%20b/c.bin', {
              'url.query': string('x-id=PutObject'),
              'user_agent.original': string('real-client/1'),
              'http.request.body.size': int(body.length),
              'http.response.status_code': int(200),
            }),
            upload('PutObject', 'uploads', 'a b/c.bin', objectTags(body.length)),
            put('a b/c.bin', {
              ...sentTags,
              'http.response.status_code': int(200),
              'aws.request_id': string(answer.headers['x-amz-request-id']),
              'aws.extended_request_id': some, // for the operator only
            }),
          ]);
          assert.ok(String(answer.headers['server-timing']).includes(`"00-${caller.traceId}-${root.spanID}-01"`));
          // Wall clocks of one machine: what the server tells lies within the time of the test.
          assert.ok(
            root.startTime / 1000 >= began - 50 && root.startTime / 1000 <= ended,
            'it began while the client waited',
          );
          assertResource(trace);
        });

        it('show a whole multipart upload of the AWS SDK as one trace', async () => {
          const caller = newCaller();
          const client = clientOf(gateway.url);
          sendContext(client, caller);
          const [Key, first, last] = ['multipart.bin', 5 * 1024 * 1024, 1_000_000];
          const Body = randomBytes(first + last);
          await new Upload({ client, params: { Bucket: 'uploads', Key, Body }, partSize: first }).done();
          client.destroy();
          const trace = await jaeger.trace(caller.traceId, 16);
          assert.equal(trace.spans.length, 16);
          const uploadOf = (root: JaegerSpan): JaegerSpan =>
            trace.spans.find(
              ({ operationName, references }) => operationName === 's3.upload' && references[0]?.spanID === root.spanID,
            )!;
          const roots = trace.spans
            .filter(({ operationName }) => operationName === 'http.server.request')
            .sort((a, b) => a.startTime - b.startTime);
          const id: WantedTags = { 'aws.s3.upload_id': string(tag(uploadOf(roots[0]!), 'aws.s3.upload_id')) };
          const begun = { traceID: trace.traceID, spanID: roots[0]!.spanID };
          const part = (number: number): WantedTags => ({ ...id, 'aws.s3.part_number': int(number) });
          const steps: [name: string, call: string, method: string, tags: WantedTags, callTags: WantedTags][] = [
            ['CreateMultipartUpload', 'create_multipart_upload', 'POST', id, {}],
            [
              'UploadPart',
              'upload_part',
              'PUT',
              { ...part(1), ...objectTags(first, first, ['pumped', 'verified_on_the_way']) },
              part(1),
            ],
            [
              'UploadPart',
              'upload_part',
              'PUT',
              { ...part(2), ...objectTags(last, last, ['streamed', 'part_of_client']) },
              part(2),
            ],
            [
              'CompleteMultipartUpload',
              'complete_multipart_upload',
              'POST',
              { ...id, 'upload.parts': int(2), 'upload.outcome': string('stored') },
              id,
            ],
          ];
          for (const [name, call, method, tags, more] of steps) {
            const found = roots.filter((root) => {
              const span = uploadOf(root);
              const number = tags['aws.s3.part_number']?.[1];
              return tag(span, 's3.operation') === name && tag(span, 'aws.s3.part_number') === number;
            });
            assert.equal(found.length, 1, name);
            assertRequest(trace, found[0]!, caller, [
              {
                ...request(method, `/uploads/${Key}`, {
                  'url.query': some,
                  'user_agent.original': string((agent: string) => agent.startsWith('aws-sdk-js/')),
                  'http.request.body.size': int((size: number) => size >= 0),
                  'http.response.status_code': int(200),
                }),
                link: name === 'CreateMultipartUpload' ? undefined : begun,
              },
              upload(name, 'uploads', Key, tags),
              {
                name: `aws.s3.${call}`,
                tags: callTags(store.url, name, method, Key, { ...answeredTags(200), ...more }),
              },
            ]);
          }
          assert.equal(tag(uploadOf(roots[0]!), 's3.operation'), 'CreateMultipartUpload');
          assert.equal(tag(uploadOf(roots[3]!), 's3.operation'), 'CompleteMultipartUpload');
        });

        it('show the upload of a client that knows nothing of traces as one trace, too', async () => {
          const client = clientOf(gateway.url);
          const [Key, first, last] = ['untraced.bin', 5 * 1024 * 1024, 1_000_000];
          const Body = randomBytes(first + last);
          await new Upload({ client, params: { Bucket: 'uploads', Key, Body }, partSize: first }).done();
          client.destroy();
          const of = (operation: string) => (line: Record<string, unknown>) =>
            line.operation === operation && line.path === `/uploads/${Key}`;
          const begun = await gateway.logged(of('CreateMultipartUpload'));
          const ended = await gateway.logged(of('CompleteMultipartUpload'));
          assert.equal(ended.trace_id, begun.trace_id);
          const trace = await jaeger.trace(String(begun.trace_id), 16);
          const roots = trace.spans.filter(({ operationName }) => operationName === 'http.server.request');
          assert.deepEqual([trace.spans.length, roots.length], [16, 4]);
          for (const root of roots) {
            const below = { refType: 'CHILD_OF', traceID: begun.trace_id, spanID: begun.span_id };
            assert.deepEqual(root.references, root.spanID === begun.span_id ? [] : [below]);
          }
        });

        it('show a refusal and its reason', async () => {
          const caller = newCaller();
          const headers = { traceparent: traceparent(caller), 'x-amz-acl': 'public-read' };
          assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'x', headers)).status, 403);
          const message = 'This gateway refuses every ACL other than private.';
          const trace = await jaeger.trace(caller.traceId, 3);
          assertRequest(trace, rootOf(trace), caller, [
            request('PUT', '/uploads/k', {
              'http.request.body.size': int(1),
              'http.response.status_code': int(403),
              ...failedTags('uploads', 'access_denied', 'AccessDenied', message),
            }),
            upload(
              'PutObject',
              'uploads',
              'k',
              {
                'error.type': string('access_denied'),
                'upload.zero_copy': bool(false),
                'upload.received_bytes': int(0),
                'upload.outcome': string('not_stored'),
              },
              message,
            ),
          ]);
        });

        it('show an upload that the client aborted, and how far it came', async () => {
          const caller = newCaller();
          const client = await RawClient.connect(gateway.url);
          const [declared, sent] = [3_000_000, 2_000_000];
          const lines = ['Host: client.example', `traceparent: ${traceparent(caller)}`, `Content-Length: ${declared}`];
          client.write(`PUT /uploads/broken HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
          await new Promise((resolve) => client.socket.write(Buffer.alloc(sent), resolve));
          client.destroy();
          const message = 'The client closed the connection before the request was complete.';
          const type = { 'error.type': string('client_aborted') };
          const received = (bytes: number): boolean => bytes > 0 && bytes <= sent;
          const trace = await jaeger.trace(caller.traceId, 4);
          assertRequest(trace, rootOf(trace), caller, [
            request(
              'PUT',
              '/uploads/broken',
              {
                'server.address': string('client.example'),
                'server.port': int(80),
                'http.request.body.size': int(declared),
                ...failedTags('uploads', 'client_aborted', undefined, message),
              },
              '',
            ),
            upload(
              'PutObject',
              'uploads',
              'broken',
              {
                ...objectTags(declared, received, ['spliced', 'unread'], 'not_stored'),
                // True if no byte arrived with the headers.
                'upload.zero_copy': bool((value: unknown) => typeof value === 'boolean'),
                'upload.waited_for': string('client'),
                ...type,
              },
              message,
            ),
            put('broken', { ...sentTags, 's3.cancellation_reason': string('client_aborted') }),
          ]);
        });

        it("show the store's error as the store's", async () => {
          const caller = newCaller();
          const headers = { traceparent: traceparent(caller) };
          assert.equal((await send(gateway.url, 'PUT', '/missing/k', 'x', headers)).status, 502);
          const { message } = FAILURES.store_refused_gateway;
          const words = 'NoSuchBucket: The specified bucket does not exist';
          const reason = { 'error.reason': string('NoSuchBucket') };
          const type = { 'error.type': string('store_refused_gateway'), ...reason };
          const trace = await jaeger.trace(caller.traceId, 4);
          assertRequest(trace, rootOf(trace), caller, [
            request(
              'PUT',
              '/missing/k',
              {
                'http.request.body.size': int(1),
                'http.response.status_code': int(502),
                ...failedTags('missing', 'store_refused_gateway', 'BadGateway', message),
                ...reason,
                'mizuchi.error.detail': string(words),
              },
              '',
            ),
            upload('PutObject', 'missing', 'k', { ...objectTags(1, 1, undefined, 'not_stored'), ...type }, message),
            put('k', { 'aws.s3.bucket': string('no-such-bucket'), ...answeredTags(404), ...type }, words),
          ]);
        });

        it('show that the store cannot be reached, as an error of the server', async () => {
          const caller = newCaller();
          const headers = { traceparent: traceparent(caller) };
          assert.equal((await send(gateway.url, 'PUT', '/unreachable/k', 'x', headers)).status, 503);
          const message = 'The store is unreachable. Retry later. Cause: the connection was refused.';
          const detail = 'No connection to the store: ECONNREFUSED.';
          const reason = { 'error.reason': string('ECONNREFUSED') };
          const type = { 'error.type': string('store_unreachable'), ...reason };
          const trace = await jaeger.trace(caller.traceId, 4);
          assertRequest(trace, rootOf(trace), caller, [
            request(
              'PUT',
              '/unreachable/k',
              {
                'http.request.body.size': int(1),
                'http.response.status_code': int(503),
                ...failedTags('unreachable', 'store_unreachable', 'ServiceUnavailable', message),
                ...reason,
                'mizuchi.error.detail': string(detail),
              },
              '',
            ),
            upload('PutObject', 'unreachable', 'k', { ...objectTags(1, 1, undefined, 'not_stored'), ...type }, message),
            put('k', { 'server.port': int(deadPort), 's3.connection_reused': bool(false), ...type }, detail),
          ]);
        });
      });
    }
  }
});

/** A client that traces itself; its own span goes to nobody here. */
function newCaller(): Caller {
  return { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };
}

const traceparent = ({ traceId, spanId }: Caller): string => `00-${traceId}-${spanId}-01`;

/** As instrumented clients do: the context goes with every request. */
function sendContext(client: S3Client, caller: Caller): void {
  client.middlewareStack.add(
    (next) => (call) => {
      Object.assign((call.request as { headers: object }).headers, { traceparent: traceparent(caller) });
      return next(call);
    },
    { step: 'build' },
  );
}

function rootOf({ spans }: JaegerTrace): JaegerSpan {
  const roots = spans.filter(({ operationName }) => operationName === 'http.server.request');
  assert.equal(roots.length, 1);
  return roots[0]!;
}

const tag = (span: JaegerSpan, name: string): unknown => span.tags.find(({ key }) => key === name)?.value;

function assertResource({ processes }: JaegerTrace): void {
  const [process] = Object.values(processes);
  assert.equal(process!.serviceName, 'real-gateway');
  const tags = Object.fromEntries(process!.tags.map(({ key, value }) => [key, value]));
  assert.equal(tags['service.version'], VERSION);
  assert.equal(tags['deployment.environment.name'], 'test');
  assert.equal(tags['team.name'], 'uploads');
  for (const name of ['service.instance.id', 'host.name', 'telemetry.sdk.language']) assert.ok(tags[name], name);
}
