import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { FailureType } from '../../../src/domain/failures.ts';
import type { StoreCall } from '../../../src/s3/store-call.ts';
import { failureOfResponse } from '../../../src/s3/store-error.ts';

type Call = Pick<StoreCall, 'operation' | 'headers' | 'body'>;

const STREAM = { stream: Readable.from([]), length: 1 } as unknown as StoreCall['body'];
const PUT: Call = { operation: 'PutObject', headers: {}, body: Buffer.from('x') };
const COMPLETE: Call = { ...PUT, operation: 'CompleteMultipartUpload' };
const crc32 = { 'x-amz-checksum-crc32': 'AAAAAA==' };
const xxhash = { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' };

const SIDES: readonly (readonly [what: string, code: string, call: Call, type: FailureType])[] = [
  ['a checksum that the gateway verified', 'BadDigest', { ...PUT, headers: crc32 }, 'store_received_other_bytes'],
  ['no checksum of the client', 'XAmzContentSHA256Mismatch', PUT, 'store_received_other_bytes'],
  ['a checksum that only the store verifies', 'BadDigest', { ...PUT, headers: xxhash }, 'checksum_mismatch'],
  ['a checksum of an object from parts', 'BadDigest', { ...COMPLETE, headers: crc32 }, 'checksum_mismatch'],
  ['a completion without a checksum', 'BadDigest', COMPLETE, 'store_received_other_bytes'],
  ['a body that is cut on the way', 'IncompleteBody', { ...PUT, headers: xxhash }, 'store_received_other_bytes'],
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
