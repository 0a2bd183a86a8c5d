/**
 * The fault list: every way in which a store can fail, at every kind of upload, through the gateway and the proxy that users
 * rehearse with. Each case says what the client gets, what is in the store, and what the trace tells.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import type { FaultRule } from '../../src/config/faults.ts';
import { parseFaults } from '../../src/config/parse-config.ts';
import { type FaultProxy, startFaultProxy } from '../../src/rehearsal/faults/fault-proxy.ts';
import { EmbeddedStore, sha256 } from '../support/embedded-store.ts';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;
const codeOf = ({ body }: Answer): string => /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? '';
/** As a plan would have them. */
const rules = (...faults: object[]): readonly FaultRule[] => parseFaults(JSON.stringify({ faults }), 'plan', {}).faults;

type Kind = 'small' | 'streamed' | 'spliced' | 'pumped' | 'split' | 'part';
const LARGE = randomBytes(MIB + 1);
const OBJECTS: Readonly<Record<Kind, Buffer>> = {
  small: randomBytes(10_000),
  streamed: LARGE,
  spliced: LARGE,
  pumped: LARGE,
  split: randomBytes(12 * MIB),
  part: randomBytes(MIB),
};

interface Case {
  readonly what: string;
  readonly kind: Kind;
  readonly fault: object;
  readonly status: number;
  readonly code?: string;
  /** `error.type` of the request. */
  readonly type?: string;
  readonly there?: boolean;
  /** `error.type` of each attempt at the operation, in turn; '' is success. */
  readonly attempts?: readonly string[];
}

/** What the client promises of the bytes, so that they go this way. */
const PROMISES: Partial<Record<Kind, Record<string, string>>> = {
  pumped: { 'x-amz-content-sha256': sha256(LARGE) },
};
const IN_ONE_REQUEST = ['streamed', 'spliced', 'pumped'] as const;

const once = { times: 1 };
const lost = { do: 'reset', at: 'answer' };
const stored = { status: 200, there: true };
const CASES: readonly Case[] = [
  {
    what: 'a reset before it was read, once',
    kind: 'small',
    fault: { do: 'reset', ...once },
    ...stored,
    attempts: ['store_reset', ''],
  },
  {
    what: 'a reset each time',
    kind: 'small',
    fault: { do: 'reset' },
    status: 502,
    code: 'BadGateway',
    type: 'store_reset',
    attempts: ['store_reset', 'store_reset'],
  },
  {
    what: 'an answer that is lost, once',
    kind: 'small',
    fault: { ...lost, ...once },
    ...stored,
    attempts: ['store_reset', ''],
  },
  {
    what: 'half an answer, once',
    kind: 'small',
    fault: { do: 'half_answer', ...once },
    ...stored,
    attempts: ['store_reset', ''],
  },
  {
    what: 'a silent store',
    kind: 'small',
    fault: { do: 'stall' },
    status: 504,
    code: 'GatewayTimeout',
    type: 'store_timeout',
    attempts: ['store_timeout'],
  },
  {
    what: 'a store that is silent when it has all',
    kind: 'small',
    fault: { do: 'stall', at: 'answer' },
    status: 504,
    code: 'GatewayTimeout',
    type: 'store_timeout',
    there: true,
  },
  {
    what: 'an error',
    kind: 'small',
    fault: { do: 'error', status: 500, code: 'InternalError' },
    status: 500,
    code: 'InternalError',
    type: 'store_error',
  },
  { what: 'SlowDown', kind: 'small', fault: { do: 'error' }, status: 503, code: 'SlowDown', type: 'store_error' },
  {
    what: 'a redirect',
    kind: 'small',
    fault: { do: 'error', status: 307, code: 'TemporaryRedirect', location: 'http://127.0.0.1:1/' },
    status: 502,
    code: 'BadGateway',
    type: 'store_refused_gateway',
  },
  { what: 'a slow store', kind: 'small', fault: { do: 'slow', bytes_per_second: '1MiB' }, ...stored },

  ...IN_ONE_REQUEST.flatMap((kind): Case[] => [
    {
      what: 'a reset before it was read',
      kind,
      fault: { do: 'reset' },
      status: 502,
      code: 'BadGateway',
      type: 'store_reset',
      attempts: ['store_reset'],
    },
    {
      what: 'a reset amid the body',
      kind,
      fault: { do: 'reset', at: 'body', after_bytes: 500_000 },
      status: 502,
      code: 'BadGateway',
      type: 'store_reset',
      attempts: ['store_reset'],
    },
    {
      what: 'an answer that is lost',
      kind,
      fault: lost,
      status: 502,
      code: 'BadGateway',
      type: 'store_reset',
      there: true,
    },
    {
      what: 'half an answer',
      kind,
      fault: { do: 'half_answer' },
      status: 502,
      code: 'BadGateway',
      type: 'store_reset',
      there: true,
    },
    {
      what: 'a store that takes no more',
      kind,
      fault: { do: 'stall', at: 'body', after_bytes: 100_000 },
      status: 504,
      code: 'GatewayTimeout',
      type: 'store_timeout',
    },
    {
      what: 'an error amid the body',
      kind,
      fault: { do: 'error', at: 'body', after_bytes: 100_000 },
      status: 503,
      code: 'SlowDown',
      type: 'store_error',
    },
  ]),

  {
    what: 'a part that is reset twice',
    kind: 'split',
    fault: { do: 'reset', operation: 'UploadPart', part: 2, times: 2 },
    ...stored,
    attempts: ['', 'store_reset', 'store_reset', '', ''],
  },
  {
    what: 'a part that is answered with an error, once',
    kind: 'split',
    fault: { do: 'error', operation: 'UploadPart', ...once },
    ...stored,
  },
  {
    what: 'a part whose answer is lost, once',
    kind: 'split',
    fault: { ...lost, operation: 'UploadPart', ...once },
    ...stored,
  },
  {
    what: 'a part that is never taken',
    kind: 'split',
    fault: { do: 'reset', operation: 'UploadPart', part: 2 },
    status: 502,
    code: 'BadGateway',
    type: 'store_reset',
  },
  {
    what: 'a part without an ETag',
    kind: 'split',
    fault: { do: 'change_header', operation: 'UploadPart' },
    status: 502,
    code: 'BadGateway',
    type: 'store_invalid_answer',
  },
  {
    what: 'a beginning that is refused',
    kind: 'split',
    fault: { do: 'error', operation: 'CreateMultipartUpload' },
    status: 503,
    code: 'SlowDown',
    type: 'store_error',
  },
  {
    what: 'a completion that is reset, once',
    kind: 'split',
    fault: { do: 'reset', operation: 'CompleteMultipartUpload', ...once },
    ...stored,
  },
  {
    what: 'a completion whose response is not received',
    kind: 'split',
    fault: { ...lost, operation: 'CompleteMultipartUpload' },
    ...stored,
  },
  {
    what: 'a completion with an error in its 200',
    kind: 'split',
    fault: { do: 'error', operation: 'CompleteMultipartUpload', status: 200, code: 'InternalError' },
    status: 500,
    code: 'InternalError',
    type: 'store_error',
  },
  {
    what: 'a completion that sends white space first',
    kind: 'split',
    fault: { do: 'white_space', operation: 'CompleteMultipartUpload', seconds: 0.3 },
    ...stored,
  },
  {
    what: 'an abort that is refused, once',
    kind: 'split',
    fault: { do: 'error', operation: 'AbortMultipartUpload', ...once },
    ...stored,
  },

  {
    what: 'a reset amid a part of the client',
    kind: 'part',
    fault: { do: 'reset', at: 'body', operation: 'UploadPart', after_bytes: 100_000 },
    status: 502,
    code: 'BadGateway',
    type: 'store_reset',
  },
  {
    what: 'an error for a part of the client',
    kind: 'part',
    fault: { do: 'error', operation: 'UploadPart' },
    status: 503,
    code: 'SlowDown',
    type: 'store_error',
  },
];

describe('a store that fails', () => {
  let store: EmbeddedStore;
  let proxy: FaultProxy;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  /** Without a pump. */
  let streaming: TestGateway;
  before(async () => {
    store = await EmbeddedStore.start();
    proxy = await startFaultProxy({ store: store.url, host: '127.0.0.1', port: 0, faults: [], seed: 1 });
    collector = await receiveHttp();
    const upload = { multipart_threshold: '5MiB', part_size: '5MiB', memory_limit: '32MiB' };
    const options = {
      storeUrl: proxy.url,
      s3: { answer_timeout_seconds: 1.5, stall_timeout_seconds: 1.5 },
      upload,
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    };
    gateway = await startGateway(options);
    streaming = await startGateway({ ...options, upload: { ...upload, way: 'stream' } });
  });
  afterEach(() => proxy.plan([]));
  after(async () => {
    await gateway.close();
    await streaming.close();
    await collector.close();
    await proxy.close();
    await store.close();
  });

  const put = (path: string, body: Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    send(gateway.url, 'PUT', path, body, headers);
  const gatewayOf = (kind: Kind): TestGateway => (kind === 'streamed' ? streaming : gateway);
  async function create(key: string): Promise<string> {
    const { body } = await send(gateway.url, 'POST', `/uploads/${key}?uploads`, '');
    return /<UploadId>([^<]+)</.exec(body)![1]!;
  }
  const abort = (key: string, id: string): Promise<Answer> =>
    send(gateway.url, 'DELETE', `/uploads/${key}?uploadId=${id}`);

  /** The spans of the trace that the answer's Server-Timing names, when the answer's own has arrived. */
  async function traceOf({ headers }: Answer): Promise<DecodedSpan[]> {
    const [, traceId, spanId] = /00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(String(headers['server-timing']))!;
    const mine = () => collector.spans().filter((span) => span.traceId === traceId);
    await collector.until(() => mine().some((span) => span.spanId === spanId));
    return mine();
  }
  const text = (span: DecodedSpan, name: string): string => {
    const value = span.attributes[name];
    return value !== undefined && 'string' in value ? value.string : '';
  };
  const count = (span: DecodedSpan, name: string): number => {
    const value = span.attributes[name];
    return value !== undefined && 'int' in value ? Number(value.int) : 0;
  };

  for (const [i, { what, kind, fault, status, code = '', type = '', there = false, attempts }] of CASES.entries()) {
    it(`${kind}: ${what}`, { timeout: 20_000 }, async () => {
      const key = `fault-${i}`;
      const id = kind === 'part' ? await create(key) : '';
      proxy.plan(rules(fault));
      const path = kind === 'part' ? `/uploads/${key}?partNumber=1&uploadId=${id}` : `/uploads/${key}`;
      const answer = await send(gatewayOf(kind).url, 'PUT', path, OBJECTS[kind], PROMISES[kind]);
      assert.deepEqual([answer.status, codeOf(answer)], [status, code], answer.body);
      proxy.plan([]);

      assert.equal(await store.sumOf(key), there ? sha256(OBJECTS[kind]) : undefined, 'what is in the store');
      if (kind === 'part') assert.equal((await abort(key, id)).status, 204);
      assert.deepEqual(await store.openUploads(), [], 'no parts are left behind');

      const spans = await traceOf(answer);
      const operation = kind === 'part' ? 'UploadPart' : 'PutObject';
      const upload = spans.find((span) => span.name === 's3.upload' && text(span, 's3.operation') === operation);
      const root = spans.find(({ spanId }) => spanId === upload?.parentSpanId);
      const way = { small: 'collected', part: 'spliced' }[kind as string] ?? kind;
      assert.equal(text(upload!, 'upload.way'), way);
      assert.equal(text(root!, 'error.type'), type);
      assert.equal(text(upload!, 'error.type'), type);
      const tried = spans
        .filter(
          ({ name }) => name === (kind === 'split' || kind === 'part' ? 'aws.s3.upload_part' : 'aws.s3.put_object'),
        )
        .sort((a, b) => count(a, 'aws.s3.part_number') - count(b, 'aws.s3.part_number') || Number(a.start - b.start));
      if (attempts !== undefined)
        assert.deepEqual(
          tried.map((span) => text(span, 'error.type')),
          attempts,
        );
      let before: DecodedSpan | undefined;
      for (const span of tried) {
        const isSame =
          before !== undefined && count(before, 'aws.s3.part_number') === count(span, 'aws.s3.part_number');
        const resends = isSame ? count(before!, 'http.request.resend_count') + 1 : 0;
        assert.equal(count(span, 'http.request.resend_count'), resends);
        assert.equal(span.parentSpanId, upload!.spanId, 'attempts are siblings');
        before = span;
      }
    });
  }

  for (const [kind, share] of (['small', ...IN_ONE_REQUEST, 'split', 'part'] as const).flatMap((each) =>
    ([0, 0.01, 0.5, 0.999] as const).map((part) => [each, part] as const),
  )) {
    it(`${kind}: a client that goes after ${share * 100} % of the body`, async () => {
      const key = `cut-${kind}-${share}`;
      const id = kind === 'part' ? await create(key) : '';
      const path = kind === 'part' ? `/uploads/${key}?partNumber=1&uploadId=${id}` : `/uploads/${key}`;
      const object = OBJECTS[kind];
      const { log, url } = gatewayOf(kind);
      const reported = log.length;
      const client = await RawClient.connect(url);
      const headers = { host: 'g', 'content-length': object.length, ...PROMISES[kind] };
      const lines = Object.entries(headers).map((pair) => `${pair.join(': ')}\r\n`);
      client.write(`PUT ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
      await new Promise((resolve) => client.socket.write(object.subarray(0, object.length * share), resolve));
      client.destroy();
      while (log.length === reported) await new Promise((resolve) => setTimeout(resolve, 5));
      const { error_type, bytes, status } = log.at(-1)!;
      assert.deepEqual([error_type, status], ['client_aborted', undefined]);
      assert.ok(Number(bytes) <= object.length * share);
      assert.equal(await store.sumOf(key), undefined);
      if (kind === 'part') await abort(key, id);
      assert.deepEqual(await store.openUploads(), []);
    });
  }

  for (const { name, of } of [
    { name: 'with a pump', of: () => gateway },
    { name: 'without', of: () => streaming },
  ])
    it(`keeps the object of a client that goes after the last byte, or nothing, ${name}`, async () => {
      const object = OBJECTS.streamed;
      const { log, url } = of();
      const client = await RawClient.connect(url);
      const reported = log.length;
      client.write(`PUT /uploads/cut-100 HTTP/1.1\r\nHost: g\r\nContent-Length: ${object.length}\r\n\r\n`);
      await new Promise((resolve) => client.socket.write(object, resolve));
      client.destroy();
      while (log.length === reported) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.ok([undefined, sha256(object)].includes(await store.sumOf('cut-100')));
    });

  it('that closes a keep-alive connection gets the request again, unseen', async () => {
    proxy.plan(rules({ do: 'stale', times: 1 }));
    assert.equal((await put('/uploads/stale-1', OBJECTS.small)).status, 200);
    const answer = await put('/uploads/stale-2', OBJECTS.small);
    assert.equal(answer.status, 200);
    const attempts = (await traceOf(answer)).filter(({ name }) => name === 'aws.s3.put_object');
    assert.deepEqual(attempts.map((span) => text(span, 'error.type')).sort(), ['', 'store_reset']);
  });

  it('that was unavailable and is back is used again', async () => {
    const { port } = new URL(proxy.url);
    await proxy.close();
    const gone = await put('/uploads/gone', OBJECTS.small);
    assert.deepEqual([gone.status, codeOf(gone)], [503, 'ServiceUnavailable']);
    assert.equal(gateway.log.at(-1)!.error_type, 'store_unreachable');
    proxy = await startFaultProxy({ store: store.url, host: '127.0.0.1', port: Number(port), faults: [], seed: 1 });
    assert.equal((await put('/uploads/back', OBJECTS.small)).status, 200);
  });

  it('does not take a bit that is another where it has a hash or a checksum to see it by', async () => {
    proxy.plan(rules({ do: 'corrupt', after_bytes: 100 }));
    const bare = await put('/uploads/corrupt', OBJECTS.small);
    assert.equal(bare.status, 200, 'nobody can see it where there is nothing to see it by');
    assert.notEqual(await store.sumOf('corrupt'), sha256(OBJECTS.small));
    const md5 = createHash('md5').update(OBJECTS.small).digest('base64');
    for (const headers of [{ 'content-md5': md5 }, { 'x-amz-content-sha256': sha256(OBJECTS.small) }]) {
      const answer = await put('/uploads/seen', OBJECTS.small, headers);
      assert.ok(answer.status >= 400, `${answer.status}`);
      assert.equal(await store.sumOf('seen'), undefined);
    }
  });
});
