import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHead } from '../../../../src/rehearsal/store/request-head.ts';
import { S3Error } from '../../../../src/rehearsal/store/s3-error.ts';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof S3Error);
  assert.equal(error.code, expected);
  return true;
};

describe('the target and headers of a request to the store', () => {
  const keyOf = (target: string): string => parseHead('GET', target, []).key;

  it('decodes a key once and never normalizes it', () => {
    for (const [target, key] of [
      ['/bkt/a/../b/./c//d', 'a/../b/./c//d'],
      ['/bkt/a%2Fb%252F', 'a/b%2F'],
      ['/bkt/%2E%2E/a+b', '../a+b'],
      ['/bkt//a', '/a'],
      ['/bkt/%F0%9F%90%89?x=/y', '🐉'],
      ['/bkt/', ''],
      ['/bkt', ''],
    ] as const) {
      assert.equal(keyOf(target), key, target);
    }
  });

  it('does not let a key or an encoding change the bucket', () => {
    assert.equal(parseHead('GET', '/bkt/../other/k', []).bucket, 'bkt');
    for (const target of ['/bkt%2F..%2Fother/k', '/../k', '/%2e%2e/k', '/b%00t/k', '/BKT/k', '/bk/k']) {
      assert.throws(() => parseHead('GET', target, []), code('InvalidBucketName'), target);
    }
  });

  it('rejects targets other than an absolute path of percent-encoded UTF-8', () => {
    for (const target of ['*', 'http://h/b', '/bkt/%', '/bkt/%c0%af', '/bkt/ü', '/bkt/a b', '/bkt/a#b', '/bkt?a=%f']) {
      assert.throws(() => parseHead('GET', target, []), code('InvalidURI'), target);
    }
  });

  it('keeps parameters in order and joins headers', () => {
    const head = parseHead('GET', '/bkt?b=1&a&b=2%26&&=x', ['A', '1', 'a', '2', '__proto__', '3']);
    assert.deepEqual(head.query, [
      ['b', '1'],
      ['a', ''],
      ['b', '2&'],
      ['', 'x'],
    ]);
    assert.equal(head.headers.a, '1, 2');
    assert.equal(Object.getOwnPropertyDescriptor(head.headers, '__proto__')?.value, '3');
    assert.equal(head.headers.constructor, undefined);
  });
});
