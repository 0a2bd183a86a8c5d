/** Each upload says in its trace how its body went to the store, and why: from the headers of the request, with no byte of the body read. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WAY_REASONS, type WayReason } from '../../src/domain/upload-way.ts';
import { RawClient, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { attributesOf } from '../support/request-trace.ts';
import { sealedId } from '../support/sealed-id.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const THRESHOLD = 5 * MIB;

interface Situation {
  readonly name: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly bucket?: 'uploads' | 'without-checksums' | 'over-tls';
  readonly query?: string;
  readonly way: string;
  readonly reason: WayReason;
}

/** aws-chunked, unsigned. */
const FRAMED = {
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': MIB,
};

/** The gateway signs such bytes towards the store. */
const SHA512 = { 'x-amz-checksum-sha512': `${'A'.repeat(86)}==` };

const SITUATIONS: readonly Situation[] = [
  { name: 'no byte', headers: { 'content-length': 0 }, way: 'collected', reason: 'small' },
  { name: '64 KiB', headers: { 'content-length': 64 * KIB }, way: 'collected', reason: 'small' },
  { name: 'a byte more', headers: { 'content-length': 64 * KIB + 1 }, way: 'streamed', reason: 'below_threshold' },
  { name: 'the threshold', headers: { 'content-length': THRESHOLD }, way: 'spliced', reason: 'unread' },
  { name: 'a byte above it', headers: { 'content-length': THRESHOLD + 1 }, way: 'split', reason: 'above_threshold' },
  {
    name: 'more than one request',
    headers: { 'content-length': 6 * GIB },
    way: 'split',
    reason: 'above_request_limit',
  },
  { name: 'no length', headers: { 'transfer-encoding': 'chunked' }, way: 'split', reason: 'undeclared_length' },
  {
    name: 'a condition',
    headers: { 'content-length': THRESHOLD + 1, 'if-none-match': '*' },
    way: 'spliced',
    reason: 'unread',
  },
  {
    name: 'a condition, and bytes that the gateway signs',
    headers: { ...SHA512, 'content-length': THRESHOLD + 1, 'if-none-match': '*' },
    way: 'streamed',
    reason: 'conditional_write',
  },
  {
    name: 'a condition and more than one request',
    headers: { 'content-length': 6 * GIB, 'if-none-match': '*' },
    way: 'split',
    reason: 'above_request_limit',
  },
  {
    name: 'a checksum that only the store can verify',
    headers: { 'content-length': THRESHOLD + 1, 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' },
    way: 'streamed',
    reason: 'checksum_only_of_whole',
  },
  {
    name: 'a checksum, to a store without checksums',
    headers: { 'content-length': THRESHOLD + 1, 'x-amz-checksum-crc32': 'AAAAAA==' },
    bucket: 'without-checksums',
    way: 'streamed',
    reason: 'store_without_checksums',
  },
  {
    name: "a part of the client's own upload",
    headers: { 'content-length': THRESHOLD + 1 },
    query: 'part',
    way: 'spliced',
    reason: 'unread',
  },
  {
    name: "a small part of the client's own upload",
    headers: { 'content-length': 100 * KIB },
    query: 'part',
    way: 'streamed',
    reason: 'part_of_client',
  },
  {
    name: 'a checksum',
    headers: { 'content-length': MIB, 'x-amz-checksum-crc32': 'AAAAAA==' },
    way: 'pumped',
    reason: 'verified_on_the_way',
  },
  {
    name: 'an unsigned trailer',
    headers: { ...FRAMED, 'content-length': MIB + 100, 'x-amz-trailer': 'x-amz-checksum-crc32' },
    way: 'pumped',
    reason: 'verified_on_the_way',
  },
  {
    name: 'a framing without a trailer',
    headers: { ...FRAMED, 'content-length': MIB + 100 },
    way: 'pumped',
    reason: 'verified_on_the_way',
  },
  {
    name: 'a checksum that not every store verifies',
    headers: { ...SHA512, 'content-length': MIB },
    way: 'streamed',
    reason: 'signed_bytes',
  },
  {
    name: 'two framings',
    headers: { ...FRAMED, 'transfer-encoding': 'chunked', 'x-amz-trailer': 'x-amz-checksum-crc32' },
    way: 'streamed',
    reason: 'unmovable_connection',
  },
  {
    name: 'a store with TLS',
    headers: { 'content-length': MIB },
    bucket: 'over-tls',
    way: 'streamed',
    reason: 'store_over_tls',
  },
];

/** The contract of the ways has them: test/contract/ways. */
const ELSEWHERE: readonly WayReason[] = ['no_part_memory', 'not_taken', 'pump_busy'];

describe('the way of an upload', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: TestGateway;

  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'uploads', s3 },
        { name: 'without-checksums', s3: { ...s3, client_checksums: 'verify_and_drop' } },
        { name: 'over-tls', s3: { ...s3, endpoint: store.url.replace('http:', 'https:') } },
      ],
      upload: {
        multipart_threshold: '5MiB',
        part_size: '5MiB',
        memory_limit: '8MiB',
        max_object_size: '10GiB',
      },
      server: { shutdown_timeout_seconds: 1 },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    });
  });
  after(async () => {
    await gateway.close();
    await collector.close();
    await store.close();
  });

  /** Sends the headers only. */
  async function begin(path: string, headers: Situation['headers']): Promise<RawClient> {
    const client = await RawClient.connect(gateway.url);
    const lines = Object.entries({ host: 'g', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    client.write(`PUT ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    return client;
  }

  async function attributesOfKey(key: string): Promise<Record<string, unknown>> {
    for (let i = 0; i < 200; i++) {
      const spans = collector.spans().filter(({ name }) => name === 's3.upload');
      const found = spans.map(attributesOf).find((attributes) => attributes['s3.key'] === key);
      if (found !== undefined) return found;
      await delay(50);
    }
    throw new Error(`no s3.upload span of ${key}`);
  }

  /** The headers of the request reach the upload, then the client disconnects. */
  async function abandoned(path: string, headers: Situation['headers']): Promise<void> {
    const client = await begin(path, headers);
    await delay(100);
    client.destroy();
  }

  SITUATIONS.forEach(({ name, headers, bucket = 'uploads', query, way, reason }, i) => {
    it(`is ${way} for ${name}: ${reason}`, async () => {
      const key = `situation-${i}`;
      const suffix = query === undefined ? '' : `?partNumber=1&uploadId=${sealedId(key, 'store-upload-1')}`;
      await abandoned(`/${bucket}/${key}${suffix}`, headers);
      const attributes = await attributesOfKey(key);
      assert.deepEqual([attributes['upload.way'], attributes['upload.way_reason']], [way, reason]);
    });
  });

  it('is streamed where no memory for parts is free: no_part_memory', async () => {
    const first = await begin('/uploads/first', { 'content-length': THRESHOLD + 1 });
    await delay(100);
    await abandoned('/uploads/second', { ...SHA512, 'content-length': THRESHOLD + 1 });
    const attributes = await attributesOfKey('second');
    assert.deepEqual([attributes['upload.way'], attributes['upload.way_reason']], ['streamed', 'no_part_memory']);
    first.destroy();
    assert.equal((await attributesOfKey('first'))['upload.way'], 'split');
  });

  it('has a situation here for every reason', () => {
    const reasons = new Set<WayReason>([...SITUATIONS.map(({ reason }) => reason), ...ELSEWHERE]);
    assert.deepEqual([...reasons].toSorted(), Object.keys(WAY_REASONS).toSorted());
  });

  it('is not on operations without object bytes', async () => {
    await send(gateway.url, 'POST', '/uploads/no-bytes?uploads', '');
    const attributes = await attributesOfKey('no-bytes');
    assert.equal(attributes['upload.way'], undefined);
    assert.equal(attributes['upload.way_reason'], undefined);
  });
});
