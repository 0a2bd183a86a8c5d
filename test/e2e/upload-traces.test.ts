/** One multipart upload is one trace, on any number of gateways: real clients, the embedded store, and what a collector gets. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { type Store, startStore } from '../../src/rehearsal/store/start-store.ts';
import { send } from '../support/http-client.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const CREDENTIALS = { accessKeyId: 'mizuchi', secretAccessKey: 'mizuchi-secret' };
const PART = 5 * 1024 * 1024;
/** Of a link: whether the other span is remote is known, and it is (opentelemetry-proto, SpanFlags). */
const REMOTE = 0x300;

const textOf = (span: DecodedSpan, name: string): string | undefined => {
  const value = span.attributes[name];
  return value !== undefined && 'string' in value ? value.string : undefined;
};

describe('the trace of a multipart upload', () => {
  let directory: string;
  let store: Store;
  let collector: OtlpReceiver;
  let gateways: [TestGateway, TestGateway];
  const opened: { close(): Promise<void> }[] = [];
  const clients: S3Client[] = [];

  const tracing = (more: object = {}) => ({
    enabled: true,
    otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
    batch: { scheduled_delay_millis: 20 },
    ...more,
  });
  const startAnother = async (more: object): Promise<TestGateway> => {
    const gateway = await startGateway({ storeUrl: store.url, tracing: tracing(more) });
    opened.push(gateway);
    return gateway;
  };
  const clientOf = (endpoint: string): S3Client => {
    const credentials = CREDENTIALS;
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials });
    clients.push(client);
    return client;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mizuchi-upload-traces-'));
    const address = { host: '127.0.0.1', port: 0 };
    const keys = { accessKey: CREDENTIALS.accessKeyId, secretKey: CREDENTIALS.secretAccessKey };
    store = await startStore({ directory, address, buckets: ['my-bucket'], ...keys });
    collector = await receiveHttp();
    const start = () => startGateway({ storeUrl: store.url, tracing: tracing() });
    gateways = await Promise.all([start(), start()]);
  });
  afterEach(async () => {
    for (const gateway of opened.splice(0)) await gateway.close();
    for (const client of clients.splice(0)) client.destroy();
  });
  after(async () => {
    for (const gateway of gateways) await gateway.close();
    await collector.close();
    await store.close();
    await rm(directory, { recursive: true });
  });

  /** The spans of all requests for a key, by what they did, as soon as there are so many of them. */
  async function requestsFor(
    key: string,
    count: number,
  ): Promise<{ name: string; root: DecodedSpan; upload: DecodedSpan }[]> {
    const path = `/uploads/${key}`;
    const roots = () => collector.spans().filter((span) => textOf(span, 'url.path') === path);
    await collector.until(() => roots().length >= count);
    assert.equal(roots().length, count);
    return roots().map((root) => {
      const upload = collector
        .spans()
        .find(({ name, parentSpanId }) => name === 's3.upload' && parentSpanId === root.spanId)!;
      return { name: textOf(upload, 's3.operation')!, root, upload };
    });
  }

  function assertOneTrace(requests: readonly { name: string; root: DecodedSpan; upload: DecodedSpan }[]): void {
    const create = requests.find(({ name }) => name === 'CreateMultipartUpload')!;
    assert.equal(create.root.parentSpanId, '');
    for (const { name, root, upload } of requests) {
      assert.equal(root.traceId, create.root.traceId, name);
      if (root !== create.root) assert.equal(root.parentSpanId, create.root.spanId, name);
      assert.deepEqual(root.links, [], name);
      assert.equal(textOf(upload, 'aws.s3.upload_id'), textOf(create.upload, 'aws.s3.upload_id'), name);
    }
    const { traceId } = create.root;
    const ids = new Set(
      collector
        .spans()
        .filter((span) => span.traceId === traceId)
        .map(({ spanId }) => spanId),
    );
    for (const span of collector.spans().filter((one) => one.traceId === traceId))
      assert.ok(span.parentSpanId === '' || ids.has(span.parentSpanId), `${span.name} hangs in the air`);
  }

  it('is one for lib-storage, which knows nothing of traces', async () => {
    const Body = randomBytes(2 * PART + 1000);
    const params = { Bucket: 'uploads', Key: 'by-lib-storage', Body };
    await new Upload({ client: clientOf(gateways[0].url), params, partSize: PART, queueSize: 3 }).done();
    const requests = await requestsFor('by-lib-storage', 5);
    assert.deepEqual(requests.map(({ name }) => name).sort(), [
      'CompleteMultipartUpload',
      'CreateMultipartUpload',
      'UploadPart',
      'UploadPart',
      'UploadPart',
    ]);
    assertOneTrace(requests);
    const stored = await clientOf(store.url).send(new GetObjectCommand({ Bucket: 'my-bucket', Key: 'by-lib-storage' }));
    assert.ok(Body.equals(await stored.Body!.transformToByteArray()));
  });

  it('is one when another gateway receives the parts, and its spans have the id that the store knows', async () => {
    const [first, second] = gateways.map(({ url }) => clientOf(url)) as [S3Client, S3Client];
    const upload = { Bucket: 'uploads', Key: 'on-two-gateways' };
    const { UploadId } = await first.send(new CreateMultipartUploadCommand(upload));
    const listed = await clientOf(store.url).send(new ListMultipartUploadsCommand({ Bucket: 'my-bucket' }));
    const storeUploadId = listed.Uploads!.find(({ Key }) => Key === upload.Key)!.UploadId!;
    assert.notEqual(UploadId, storeUploadId);
    const bodies = [randomBytes(PART), randomBytes(10)];
    const Parts = await Promise.all(
      bodies.map(async (Body, i) => {
        const part = { ...upload, UploadId, PartNumber: i + 1, Body };
        return { PartNumber: i + 1, ETag: (await second.send(new UploadPartCommand(part))).ETag };
      }),
    );
    const list = await second.send(new ListPartsCommand({ ...upload, UploadId }));
    assert.deepEqual([list.UploadId, list.Parts?.length], [UploadId, 2]);
    await first.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
    const requests = await requestsFor(upload.Key, 5);
    assertOneTrace(requests);
    const { traceId } = requests[0]!.root;
    const uploadIds = collector
      .spans()
      .filter((span) => span.traceId === traceId && 'aws.s3.upload_id' in span.attributes)
      .map((span) => [span.name, textOf(span, 'aws.s3.upload_id')] as const);
    assert.equal(uploadIds.length, 9); // five operations, and four calls of the store that name it
    for (const [name, id] of uploadIds) assert.equal(id, storeUploadId, name);
    const stored = await clientOf(store.url).send(new GetObjectCommand({ Bucket: 'my-bucket', Key: upload.Key }));
    assert.ok(Buffer.concat(bodies).equals(await stored.Body!.transformToByteArray()));
  });

  /** Begins an upload and sends one part of it, each with these headers. */
  async function createAndSend(
    key: string,
    [creator, taker]: readonly [TestGateway, TestGateway],
    onCreate: Record<string, string>,
    onPart: Record<string, string>,
  ) {
    const created = await send(creator.url, 'POST', `/uploads/${key}?uploads`, '', onCreate);
    const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(created.body)![1]!;
    const target = `/uploads/${key}?partNumber=1&uploadId=${uploadId}`;
    const part = await send(taker.url, 'PUT', target, 'hello', onPart);
    assert.equal(part.status, 200, part.body);
    const contextOf = (timing: unknown) =>
      /00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(String(timing))!.slice(1);
    return { created: contextOf(created.headers['server-timing']), part: contextOf(part.headers['server-timing']) };
  }
  const newCaller = () => {
    const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
  };

  it('is the caller’s where the caller has one, with a link to where the upload began', async () => {
    const { traceparent, traceId, spanId } = newCaller();
    await createAndSend('with-a-caller', gateways, {}, { traceparent });
    const requests = await requestsFor('with-a-caller', 2);
    const [create, part] = ['CreateMultipartUpload', 'UploadPart'].map(
      (name) => requests.find((request) => request.name === name)!.root,
    ) as [DecodedSpan, DecodedSpan];
    assert.deepEqual([part.traceId, part.parentSpanId], [traceId, spanId]);
    assert.notEqual(create.traceId, traceId);
    assert.deepEqual(part.links, [
      {
        traceId: create.traceId,
        spanId: create.spanId,
        traceState: '',
        attributes: {},
        droppedAttributes: 0,
        flags: REMOTE | 3, // sampled, and its id is random: W3C Trace Context, level 2
      },
    ]);
    assert.equal(part.droppedLinks, 0);
  });

  it('is the one that the creation belonged to, the caller’s own', async () => {
    const { traceparent, traceId, spanId } = newCaller();
    await createAndSend('created-in-a-trace', gateways, { traceparent }, {});
    const requests = await requestsFor('created-in-a-trace', 2);
    const create = requests.find(({ name }) => name === 'CreateMultipartUpload')!.root;
    const part = requests.find(({ name }) => name === 'UploadPart')!.root;
    assert.deepEqual([create.traceId, create.parentSpanId], [traceId, spanId]);
    assert.deepEqual([part.traceId, part.parentSpanId, part.links.length], [traceId, create.spanId, 0]);
  });

  it('ignores a context that is not valid', async () => {
    const { created, part } = await createAndSend(
      'bad-context',
      gateways,
      {},
      { traceparent: `00-${'0'.repeat(32)}-x` },
    );
    assert.equal(part[0], created[0]);
  });

  it('is not kept where its creation was not, unless the caller keeps it', async () => {
    const never = await startAnother({ sampling: { strategy: 'never' } });
    const silent = await createAndSend('not-kept', [never, gateways[1]], {}, {});
    assert.deepEqual([silent.part[0], silent.created[2], silent.part[2]], [silent.created[0], '00', '00']);
    const { traceparent, traceId } = newCaller();
    const kept = await createAndSend('not-kept-but-called', [never, gateways[1]], {}, { traceparent });
    const { root } = (await requestsFor('not-kept-but-called', 1))[0]!;
    assert.deepEqual([root.traceId, root.links.length], [traceId, 1]);
    assert.deepEqual([root.links[0]!.traceId, root.links[0]!.spanId], kept.created.slice(0, 2));
    assert.equal(root.links[0]!.flags, REMOTE | 2);
    assert.ok(!collector.spans().some((span) => textOf(span, 'url.path') === '/uploads/not-kept'));
  });

  it('is another for each request where the upload began without tracing', async () => {
    const blind = await startGateway({ storeUrl: store.url });
    opened.push(blind);
    const created = await send(blind.url, 'POST', '/uploads/untraced?uploads', '');
    const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(created.body)![1];
    for (const part of [1, 2]) {
      const target = `/uploads/untraced?partNumber=${part}&uploadId=${uploadId}`;
      assert.equal((await send(gateways[0].url, 'PUT', target, 'hello')).status, 200);
    }
    const [one, two] = (await requestsFor('untraced', 2)).map(({ root }) => root);
    assert.notEqual(one!.traceId, two!.traceId);
    assert.deepEqual([one!.parentSpanId, two!.parentSpanId, one!.links, two!.links], ['', '', [], []]);
  });

  it('cannot be entered with an id that is forged', async () => {
    const created = await send(gateways[0].url, 'POST', '/uploads/forged?uploads', '');
    const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(created.body)![1]!;
    const bytes = Buffer.from(uploadId, 'base64url');
    bytes[2]! ^= 1; // the first byte of the trace id
    const forged = bytes.toString('base64url');
    const answer = await send(gateways[1].url, 'PUT', `/uploads/forged?partNumber=1&uploadId=${forged}`, 'x');
    assert.equal(answer.status, 404);
    const roots = () => collector.spans().filter((span) => textOf(span, 'url.path') === '/uploads/forged');
    await collector.until(() => roots().length === 2);
    const part = roots().find((span) => textOf(span, 'http.request.method') === 'PUT')!;
    assert.deepEqual([part.parentSpanId, part.links], ['', []]);
    assert.equal(textOf(part, 'error.type'), 'no_such_upload');
    assert.equal(new Set(roots().map(({ traceId }) => traceId)).size, 2);
  });
});
