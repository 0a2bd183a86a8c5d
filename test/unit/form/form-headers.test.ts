import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headersOfFields } from '../../../src/form/form-headers.ts';

describe('headersOfFields', () => {
  it('returns the headers of the object, without fields that only the form needs', () => {
    const fields = new Map([
      ['key', 'k'],
      ['bucket', 'b'],
      ['acl', 'private'],
      ['policy', 'p'],
      ['success_action_status', '201'],
      ['content-type', 'text/plain'],
      ['cache-control', 'no-cache'],
      ['content-disposition', 'attachment; filename="ü.txt"'],
      ['content-encoding', 'gzip'],
      ['expires', 'never'],
      ['content-md5', 'm'],
      ['x-amz-meta-name', 'ü'],
      ['x-amz-storage-class', 'STANDARD_IA'],
      ['x-amz-server-side-encryption', 'AES256'],
      ['x-amz-checksum-algorithm', 'CRC32'],
      ['x-amz-checksum-crc32', 'AAAAAA=='],
      ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
      ['x-amz-credential', 'c'],
      ['x-amz-date', 'd'],
      ['x-amz-signature', 's'],
      ['x-amz-security-token', 't'],
      ['authorization', 'Bearer x'],
      ['connection', 'x-amz-meta-name'],
      ['host', 'elsewhere'],
      ['__proto__', 'p'],
      ['if-match', 'x'],
    ]);
    const headers = headersOfFields(fields);
    assert.deepEqual(headers, {
      'x-amz-acl': 'private',
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'content-disposition': 'attachment; filename="Ã¼.txt"', // the bytes of UTF-8, as headers have them
      'content-encoding': 'gzip',
      expires: 'never',
      'content-md5': 'm',
      'x-amz-meta-name': 'Ã¼',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-sdk-checksum-algorithm': 'CRC32',
      'x-amz-checksum-crc32': 'AAAAAA==',
    });
  });
});
