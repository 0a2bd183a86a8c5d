import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { FailureType } from '../../../src/domain/failures.ts';
import type { StoreCall } from '../../../src/s3/store-call.ts';
import { failureOfResponse } from '../../../src/s3/store-error.ts';

type Call = Parameters<typeof failureOfResponse>[1];

const STREAM = { stream: Readable.from([]), length: 1 } as unknown as StoreCall['body'];
const PUT: Call = {
  operation: 'PutObject',
  headers: {},
  body: Buffer.from('x'),
  payloadHash: 'UNSIGNED-PAYLOAD',
};
const COMPLETE: Call = { ...PUT, operation: 'CompleteMultipartUpload' };
const crc32 = { 'x-amz-checksum-crc32': 'AAAAAA==' };
const xxhash = { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' };

/** A call whose promises the gateway leaves to the store. */
const unread = (headers: Record<string, string>, payloadHash = 'UNSIGNED-PAYLOAD'): Call => ({
  ...PUT,
  body: STREAM,
  headers,
  payloadHash,
  verifiedHere: false,
});

/** As MinIO and versitygw respond (test/real/stores/verified-promises.real.ts). */
const LEFT_TO_STORE: readonly (readonly [promise: string, ofStore: string, call: Call, forClient: string])[] = [
  ['a checksum at MinIO', 'XAmzContentChecksumMismatch', unread(crc32), 'BadDigest'],
  ['a checksum at versitygw', 'BadDigest', unread(crc32), 'BadDigest'],
  ['an XXHash at versitygw', 'BadDigest', unread(xxhash), 'BadDigest'],
  ['Content-MD5', 'BadDigest', unread({ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }), 'BadDigest'],
  ['the hash', 'XAmzContentSHA256Mismatch', unread({}, '0'.repeat(64)), 'XAmzContentSHA256Mismatch'],
  ['a checksum of a part', 'BadDigest', { ...unread(crc32), operation: 'UploadPart' }, 'BadDigest'],
];

const SIDES: readonly (readonly [what: string, code: string, call: Call, type: FailureType])[] = [
  ['a checksum that the gateway verified', 'BadDigest', { ...PUT, headers: crc32 }, 'store_received_other_bytes'],
  ['no checksum of the client', 'XAmzContentSHA256Mismatch', PUT, 'store_received_other_bytes'],
  ['a checksum that only the store verifies', 'BadDigest', { ...PUT, headers: xxhash }, 'checksum_mismatch'],
  ['a checksum of an object from parts', 'BadDigest', { ...COMPLETE, headers: crc32 }, 'checksum_mismatch'],
  ['a completion without a checksum', 'BadDigest', COMPLETE, 'store_received_other_bytes'],
  ['a body that is cut on the way', 'IncompleteBody', { ...PUT, headers: xxhash }, 'store_received_other_bytes'],
  ['an unread body without a promise', 'BadDigest', { ...PUT, verifiedHere: false }, 'store_received_other_bytes'],
  ['an unread body that is cut on the way', 'IncompleteBody', unread(crc32), 'store_received_other_bytes'],
  ['a slow body of the client', 'RequestTimeout', { ...PUT, body: STREAM }, 'client_stalled'],
  ['a slow body from memory', 'RequestTimeout', PUT, 'store_error'],
];

describe('an error of the store has the type of its side', () => {
  for (const [what, code, call, type] of SIDES) {
    it(`${code} for ${what}: ${type}`, () => {
      const body = `<Error><Code>${code}</Code><Message>m</Message></Error>`;
      assert.equal(failureOfResponse({ status: 400, headers: {}, body }, call)?.type, type);
    });
  }
});

describe('a promise that the gateway leaves to the store', () => {
  for (const [promise, ofStore, call, forClient] of LEFT_TO_STORE) {
    it(`is wrong by the client: ${promise}, ${ofStore}`, () => {
      const body = `<Error><Code>${ofStore}</Code><Message>m</Message></Error>`;
      const { type, status, code, outcome } = failureOfResponse({ status: 400, headers: {}, body }, call)!;
      assert.deepEqual({ type, status, code }, { type: 'checksum_mismatch', status: 400, code: forClient });
      assert.notEqual(outcome, 'unknown');
    });
  }
});
