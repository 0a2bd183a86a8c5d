import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { decodeContent, UndecodableContent } from '../../../src/kit/decode-content.ts';

const ENCODERS: readonly (readonly [coding: string, encode: (bytes: Buffer) => Buffer])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
];
const LIMIT = 64 * 1024;
const isTooLarge = (thrown: unknown): boolean => thrown instanceof UndecodableContent && thrown.isTooLarge;

describe('decodeContent', () => {
  it('decodes up to the limit, and rejects one byte more', () => {
    for (const [coding, encode] of ENCODERS) {
      const most = Buffer.alloc(LIMIT, 'a');
      assert.deepEqual(decodeContent(encode(most), coding, LIMIT), most);
      assert.throws(() => decodeContent(encode(Buffer.alloc(LIMIT + 1, 'a')), coding, LIMIT), isTooLarge);
    }
  });

  it('limits each of several codings', () => {
    const inner = gzipSync(Buffer.alloc(LIMIT * 1000, 'a'));
    assert.throws(() => decodeContent(gzipSync(inner), 'gzip, gzip', inner.length), isTooLarge);
  });

  it('returns unencoded content unchanged', () => {
    const bytes = Buffer.from('hello');
    for (const coding of [undefined, '', 'identity', ' , Identity'])
      assert.equal(decodeContent(bytes, coding, LIMIT), bytes);
    assert.equal(decodeContent(Buffer.alloc(0), 'gzip', LIMIT).length, 0);
  });

  it('rejects content that does not match its coding', () => {
    for (const [coding, encode] of ENCODERS) {
      const whole = encode(Buffer.from('hello, hello, hello, hello'));
      for (const bytes of [whole.subarray(0, -4), Buffer.from('hello'), Buffer.from([0])])
        assert.throws(() => decodeContent(bytes, coding, LIMIT), UndecodableContent, `${coding} ${bytes}`);
    }
    for (const coding of ['compress', 'aws-chunked', 'constructor', 'gzip, gzip, gzip'])
      assert.throws(() => decodeContent(gzipSync('hello'), coding, LIMIT), UndecodableContent);
  });
});
