import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../../src/domain/failure.ts';
import { headersForClient, headersForStore } from '../../../src/s3/header-allow-list.ts';

describe('headersForStore', () => {
  it('passes headers of the object, and drops headers for the gateway', () => {
    const passed = headersForStore('PutObject', {
      host: 'gateway',
      authorization: 'AWS4-HMAC-SHA256 secret',
      cookie: 'a=b',
      connection: 'x-amz-meta-a',
      'user-agent': 'sdk',
      traceparent: '00-1-1-01',
      'x-amz-security-token': 'secret',
      'x-amz-cf-id': 'cloudfront',
      'x-amz-date': '20261123T000000Z',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'amz-sdk-invocation-id': '1',
      'content-type': 'text/plain',
      'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==',
      'x-amz-meta-name': 'värde',
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=',
      'x-amz-acl': 'private',
      'if-none-match': '*',
    });
    assert.deepEqual(passed, {
      'content-type': 'text/plain',
      'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==',
      'x-amz-meta-name': 'värde',
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=',
      'if-none-match': '*',
    });
  });

  it('takes aws-chunked out of Content-Encoding and leaves the rest', () => {
    assert.deepEqual(headersForStore('PutObject', { 'content-encoding': 'aws-chunked' }), {});
    assert.deepEqual(headersForStore('PutObject', { 'content-encoding': 'aws-chunked, gzip' }), {
      'content-encoding': 'gzip',
    });
    assert.deepEqual(headersForStore('PutObject', { 'content-encoding': 'gzip' }), { 'content-encoding': 'gzip' });
  });

  const refused: [header: string, value: string, code: string][] = [
    ['x-amz-copy-source', '/other/secret', 'AccessDenied'],
    ['x-amz-copy-source-range', 'bytes=0-1', 'AccessDenied'],
    ['x-amz-acl', 'public-read', 'AccessDenied'],
    ['x-amz-grant-read', 'id=1', 'AccessDenied'],
    ['x-amz-meta-snowball-auto-extract', 'true', 'AccessDenied'],
    ['x-minio-replication-etag', 'x', 'AccessDenied'],
    ['x-amz-bypass-governance-retention', 'true', 'AccessDenied'],
    ['x-amz-website-redirect-location', '/', 'AccessDenied'],
    ['x-amz-object-lock-mode', 'GOVERNANCE', 'AccessDenied'],
    ['x-amz-checksum-unknown', 'x', 'AccessDenied'],
    ['x-amz-from-the-future', 'x', 'AccessDenied'],
  ];
  for (const [header, value, code] of refused) {
    it(`refuses ${header}: ${value}`, () => {
      assert.throws(
        () => headersForStore('PutObject', { [header]: value }),
        (error) => error instanceof Failure && error.code === code,
      );
    });
  }

  it('refuses a copy on every operation', () => {
    for (const operation of ['UploadPart', 'CreateMultipartUpload', 'CompleteMultipartUpload', 'ListParts'] as const) {
      assert.throws(() => headersForStore(operation, { 'x-amz-copy-source': '/b/k' }), { code: 'AccessDenied' });
    }
  });

  it('lets the name of the checksum go on to the store where a multipart upload begins, and ends it elsewhere', () => {
    const headers = { 'x-amz-checksum-algorithm': 'CRC32C' };
    assert.deepEqual(headersForStore('CreateMultipartUpload', headers), headers);
    for (const operation of ['PutObject', 'UploadPart'] as const) {
      assert.deepEqual(headersForStore(operation, headers), {}, operation);
    }
  });

  it('does not repeat object headers on a part', () => {
    assert.deepEqual(
      headersForStore('UploadPart', { 'x-amz-meta-a': '1', 'content-type': 'a/b', 'content-md5': 'm' }),
      {
        'content-md5': 'm',
      },
    );
  });
});

describe('headersForClient', () => {
  it('passes S3 headers of the object, and none of the store as a server', () => {
    const passed = headersForClient({
      etag: '"1"',
      'x-amz-version-id': 'v',
      'x-amz-checksum-crc64nvme': 'c',
      'x-amz-request-id': 'r',
      'x-amz-id-2': 'i',
      'set-cookie': 'a=b',
      server: 'MinIO',
      location: 'http://inside',
      'x-minio-deployment-id': 'd',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:us-east-1:111122223333:key/k',
      'x-amz-server-side-encryption-context': 'e30=',
      'x-amz-expiration': 'expiry-date="Fri, 23 Dec 2026 00:00:00 GMT", rule-id="rule"',
      'x-amz-abort-date': 'Fri, 23 Dec 2026 00:00:00 GMT',
      'x-amz-abort-rule-id': 'rule',
      'x-amz-storage-class': 'not a class <b>',
      'retry-after': 'never',
      'access-control-allow-origin': '*',
      connection: 'close',
    });
    assert.deepEqual(passed, {
      etag: '"1"',
      'x-amz-version-id': 'v',
      'x-amz-checksum-crc64nvme': 'c',
      'x-amz-request-id': 'r',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-abort-date': 'Fri, 23 Dec 2026 00:00:00 GMT',
    });
  });
});
