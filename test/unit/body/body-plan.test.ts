import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { MAX_OBJECT, planBody } from '../../../src/body/body-plan.ts';
import type { ChunkSignatures } from '../../../src/domain/identity.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import type { Authenticated } from '../../../src/domain/stages.ts';

const SIGNATURES: ChunkSignatures = { verifyChunk: () => true, verifyTrailer: () => true };
const TRAILER = { 'x-amz-trailer': 'X-Amz-Checksum-CRC32C' };
const DECODED = { 'x-amz-decoded-content-length': '7' };

function requestOf(hash: string, headers: Record<string, string>, chunks?: ChunkSignatures): Authenticated {
  const incoming = {
    id: '1',
    method: 'PUT',
    rawPath: '/b/k',
    hostBucket: undefined,
    query: [],
    headers,
    received: {},
    clientAddress: undefined,
    scheme: 'http' as const,
    body: { length: 99, open: () => Readable.from([]), take: async () => undefined },
    signal: new AbortController().signal,
    span: NO_SPAN,
    keepWaiting: () => {},
  };
  return {
    incoming,
    bucket: { name: 'b', storeBucket: 'b' },
    operation: 'PutObject',
    key: 'k',
    uploadId: undefined,
    partNumber: undefined,
    storeQuery: [],
    form: undefined,
    identity: { method: 'sigv4', subject: 's', claims: {}, expiresAt: undefined },
    payload: { hash, chunks },
  };
}

const TAKES_CHECKSUMS = { added: undefined, own: 'crc32', passed: true, verifies: new Set<never>() } as const;
const planOf = (request: Authenticated) => planBody(request, MAX_OBJECT, TAKES_CHECKSUMS);

const ofHash = (hash: string) => ({
  header: 'x-amz-content-sha256',
  checksum: 'sha256',
  value: Buffer.from(hash, 'hex').toString('base64'),
  code: 'XAmzContentSHA256Mismatch',
});

describe('planBody', () => {
  const unsigned = { signatures: undefined };
  const signed = { signatures: SIGNATURES };
  const trailer = { header: 'x-amz-checksum-crc32c', checksum: 'crc32c' };
  const hash = 'a'.repeat(64);
  const plans: [word: string, headers: Record<string, string>, plan: object][] = [
    [
      hash,
      {},
      { length: 99, most: 99, payloadHash: hash, framing: undefined, trailer: undefined, promises: [ofHash(hash)] },
    ],
    [
      'UNSIGNED-PAYLOAD',
      DECODED,
      { length: 99, most: 99, payloadHash: 'UNSIGNED-PAYLOAD', framing: undefined, trailer: undefined },
    ],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { ...DECODED, ...TRAILER }, { framing: unsigned, trailer }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { ...DECODED, ...TRAILER }, { framing: signed, trailer: undefined }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { ...DECODED, ...TRAILER }, { framing: signed, trailer }],
  ];
  for (const [word, headers, plan] of plans) {
    it(`understands ${word}`, () => {
      const streaming = word.startsWith('STREAMING-') ? { length: 7, most: 7, payloadHash: 'UNSIGNED-PAYLOAD' } : {};
      const sent = 'trailer' in plan ? plan.trailer : undefined;
      const promised = word !== 'UNSIGNED-PAYLOAD';
      const chunksOnly = word === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
      const expected = {
        kind: 'object',
        promises: [],
        sent,
        promised,
        signed: chunksOnly,
        locked: false,
        md5: false,
        onlyWhole: undefined,
        ...streaming,
        ...plan,
      };
      assert.deepEqual(planOf(requestOf(word, headers, SIGNATURES)), expected);
    });
  }

  it('allows the limit where the length is not declared', () => {
    const { length, most } = planBody(
      requestOf('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', {}, SIGNATURES),
      12345,
      TAKES_CHECKSUMS,
    );
    assert.deepEqual([length, most], [undefined, 12345]);
  });

  it('knows what headers promise of the bytes', () => {
    const md5 = createHash('md5').update('x').digest('base64');
    const { promises } = planOf(
      requestOf('UNSIGNED-PAYLOAD', { 'content-md5': md5, 'x-amz-checksum-crc32': 'AAAAAA==' }),
    );
    assert.deepEqual(
      promises.map(({ header, checksum, value }) => [header, checksum, value]),
      [
        ['content-md5', 'md5', md5],
        ['x-amz-checksum-crc32', 'crc32', 'AAAAAA=='],
      ],
    );
    for (const [header, code] of [
      ['content-md5', 'InvalidDigest'],
      ['x-amz-checksum-sha256', 'InvalidRequest'],
    ] as const)
      for (const value of ['', 'AAAAAA', 'AAAAAA==', '*'.repeat(24), '*'.repeat(44)])
        assert.throws(() => planOf(requestOf('UNSIGNED-PAYLOAD', { [header]: value })), { code });
  });

  const TOO_LARGE = { 'x-amz-decoded-content-length': String(5 * 1024 ** 3 + 1) };
  const refused: [what: string, word: string, headers: Record<string, string>, type: string][] = [
    [
      'a negative length',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      { 'x-amz-decoded-content-length': '-1' },
      'invalid_argument',
    ],
    ['a length beyond 5 GiB', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', TOO_LARGE, 'too_large'],
    ['no name of the trailer', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', DECODED, 'malformed_trailer'],
    [
      'a trailer that nobody can verify',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      { ...DECODED, 'x-amz-trailer': 'x-amz-checksum-xxhash64' },
      'not_implemented',
    ],
    ['chunks signed with ECDSA', 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', DECODED, 'not_implemented'],
    ['a word that only begins like one', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-MORE', DECODED, 'not_implemented'],
    ['unsigned chunks without a trailer', 'STREAMING-UNSIGNED-PAYLOAD', DECODED, 'not_implemented'],
  ];
  for (const [what, word, headers, type] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => planOf(requestOf(word, headers, SIGNATURES)), { name: 'Failure', type });
    });
  }

  it('refuses signed chunks where nothing vouches for their signatures, and unsigned ones never need it', () => {
    const headers = { ...DECODED, ...TRAILER };
    for (const word of ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER']) {
      assert.throws(() => planOf(requestOf(word, headers)), {
        type: 'invalid_argument',
        message: /cannot be verified/,
      });
    }
    assert.equal(planOf(requestOf('STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers)).length, 7);
  });
});
