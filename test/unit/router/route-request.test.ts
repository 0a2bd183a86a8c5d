import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../../src/domain/failure.ts';
import type { Bucket } from '../../../src/domain/stages.ts';
import { routeRequest } from '../../../src/router/route-request.ts';
import { parseTarget } from '../../../src/server/request-target.ts';

const bucket = (name: string): { prefix: string; bucket: Bucket } => ({
  prefix: name === 'root' ? '/deep/er' : `/${name}`,
  bucket: { name, storeBucket: `store-${name}` },
});
const routes = [
  bucket('uploads'),
  { prefix: '/deep', bucket: bucket('deep').bucket },
  bucket('root'),
  { ...bucket('literal'), literalKeys: true },
];

function route(method: string, target: string) {
  const { path, query } = parseTarget(target);
  const { outcome } = routeRequest(routes, { method, rawPath: path, hostBucket: undefined, query, headers: {} });
  if (outcome instanceof Failure) throw outcome;
  assert.ok('request' in outcome);
  return outcome.request;
}
const refusal = (method: string, target: string): string => {
  try {
    route(method, target);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('routeRequest', () => {
  const operations: [method: string, target: string, operation: string, key: string][] = [
    ['PUT', '/uploads/a/b.txt', 'PutObject', 'a/b.txt'],
    ['PUT', '/uploads/a/b.txt?x-id=PutObject', 'PutObject', 'a/b.txt'],
    ['PUT', '/uploads/k?X-Amz-Signature=1&X-Amz-Expires=60&x-amz-checksum-crc32=AAAAAA%3D%3D', 'PutObject', 'k'],
    ['POST', '/uploads/k?uploads', 'CreateMultipartUpload', 'k'],
    ['POST', '/uploads/k?uploads=', 'CreateMultipartUpload', 'k'],
    ['PUT', '/uploads/k?partNumber=10000&uploadId=u', 'UploadPart', 'k'],
    ['POST', '/uploads/k?uploadId=u', 'CompleteMultipartUpload', 'k'],
    ['DELETE', '/uploads/k?uploadId=u&x-id=AbortMultipartUpload', 'AbortMultipartUpload', 'k'],
    ['GET', '/uploads/k?uploadId=u&max-parts=2&part-number-marker=1', 'ListParts', 'k'],
  ];
  for (const [method, target, operation, key] of operations) {
    it(`${method} ${target} is ${operation}`, () => {
      const routed = route(method, target);
      assert.deepEqual([routed.operation, routed.key, routed.bucket.name], [operation, key, 'uploads']);
    });
  }

  it('matches the longest prefix, by whole segments', () => {
    assert.equal(route('PUT', '/deep/er/k').bucket.name, 'root');
    assert.equal(route('PUT', '/deep/erk').bucket.name, 'deep');
    assert.equal(refusal('PUT', '/uploadsx/k'), 'NoSuchBucket');
    assert.equal(refusal('PUT', '/%75ploads/k'), 'NoSuchBucket');
  });

  it('rejects only paths whose decoded form is in a different bucket', () => {
    assert.equal(refusal('PUT', '/deep/er%2Fk'), 'InvalidURI');
    assert.equal(refusal('PUT', '/deep/%65r/k'), 'InvalidURI');
    assert.equal(route('PUT', '/deep/er/a%2Fk').bucket.name, 'root');
    assert.equal(route('PUT', '/deep/erk%2Fa').bucket.name, 'deep');
  });

  // Keys that clients really send (a parser for URLs would destroy half of them).
  const keys: [raw: string, key: string][] = [
    ['sp%20ace+plus%2541%20%C3%BCn%C3%AF%26%3D%3F%23%3B%C3%A9', 'sp ace+plus%41 ünï&=?#;é'],
    ['a/', 'a/'],
    ['%2e%2e.', '...'],
    ['.a/a./..a/a../', '.a/a./..a/a../'],
    ['%252e%252e/b', '%2e%2e/b'],
    ['a%252Fb', 'a%2Fb'],
    ['.sgwtmp1/x__XLDIR__y', '.sgwtmp1/x__XLDIR__y'],
    ['a%2Fb', 'a/b'],
    ['%F0%9F%90%89', '🐉'],
    ['e%CC%81', 'e\u0301'],
    ["q'()*!,$@:", "q'()*!,$@:"],
  ];
  for (const [raw, key] of keys) {
    it(`decodes ${raw} once`, () => assert.equal(route('PUT', `/uploads/${raw}`).key, key));
  }

  const literal: [raw: string, key: string][] = [
    ['a//b', 'a//b'],
    ['a/../b', 'a/../b'],
    ['./a', './a'],
    ['/lead', '/lead'],
    ['a/.sgwtmp/b__XLDIR__', 'a/.sgwtmp/b__XLDIR__'],
  ];
  for (const [raw, key] of literal) {
    it(`accepts ${raw} only with literal keys`, () => {
      assert.equal(route('PUT', `/literal/${raw}`).key, key);
      assert.throws(() => route('PUT', `/uploads/${raw}`), {
        type: 'invalid_key',
        code: 'InvalidURI',
        status: 400,
        message: /literal_keys: true/,
      });
    });
  }

  const refused: [method: string, target: string, code: string][] = [
    ['GET', '/uploads/k', 'MethodNotAllowed'],
    ['GET', '/uploads', 'AccessDenied'],
    ['GET', '/uploads/?list-type=2', 'AccessDenied'],
    ['GET', '/uploads/k?acl', 'MethodNotAllowed'],
    ['HEAD', '/uploads/k', 'AccessDenied'],
    ['DELETE', '/uploads/k', 'MethodNotAllowed'],
    ['OPTIONS', '/uploads/k', 'MethodNotAllowed'],
    ['PUT', '/uploads?versioning', 'MethodNotAllowed'],
    ['POST', '/uploads/?delete', 'MethodNotAllowed'],
    ['POST', '/uploads/k', 'MethodNotAllowed'],
    ['PUT', '/uploads/k?acl', 'MethodNotAllowed'],
    ['PUT', '/uploads/k?%61cl', 'MethodNotAllowed'],
    ['PUT', '/uploads/k?tagging', 'MethodNotAllowed'],
    ['PUT', '/uploads/k?partNumber=1', 'MethodNotAllowed'],
    ['PUT', '/uploads/k?partNumber=1&uploadId=u&acl', 'MethodNotAllowed'],
    ['PUT', '/uploads/k?uploadId=a&uploadId=b&partNumber=1', 'InvalidArgument'],
    ['PUT', '/uploads/k?partNumber=0&uploadId=u', 'InvalidArgument'],
    ['PUT', '/uploads/k?partNumber=10001&uploadId=u', 'InvalidArgument'],
    ['PUT', '/uploads/k?partNumber=1e3&uploadId=u', 'InvalidArgument'],
    ['PUT', '/uploads/k?partNumber=1&uploadId=', 'InvalidArgument'],
    ['PUT', '/uploads/k?x-id=UploadPart', 'InvalidArgument'],
    ['POST', '/uploads/k?restore', 'MethodNotAllowed'],
    ['POST', '/uploads/k?select&select-type=2', 'MethodNotAllowed'],
    ['PUT', '/uploads/%00', 'InvalidURI'],
    ['PUT', '/uploads/a%0d%0ab', 'InvalidURI'],
    ['PUT', '/uploads/%zz', 'InvalidURI'],
    ['PUT', '/uploads/%c0%ae', 'InvalidURI'],
    ['PUT', '/uploads/../other/k', 'InvalidURI'],
    ['PUT', '/uploads/%2e%2e/other/k', 'InvalidURI'],
    ['PUT', '/uploads/a/../../k', 'InvalidURI'],
    ['PUT', '/literal/../other/k', 'InvalidURI'],
    ['PUT', '/literal/a/../../k', 'InvalidURI'],
    ['PUT', '/uploads/a%EF%BF%BE', 'InvalidURI'],
    ['PUT', '/literal/%EF%BF%BF', 'InvalidURI'],
    ['PUT', `/uploads/${'k'.repeat(1025)}`, 'KeyTooLongError'],
    ['PUT', '/other/k', 'NoSuchBucket'],
  ];
  for (const [method, target, code] of refused) {
    it(`rejects ${method} ${target.slice(0, 60)} with ${code}`, () => assert.equal(refusal(method, target), code));
  }
});

describe('the routing of a refused request', () => {
  const routing = (method: string, rawPath: string, headers = {}) => {
    const {
      outcome,
      bucket: found,
      ...rest
    } = routeRequest(routes, { method, rawPath, hostBucket: undefined, query: [], headers });
    return { ...rest, bucket: found?.name, type: outcome instanceof Failure ? outcome.type : Object.keys(outcome) };
  };

  it('has the bucket without a key where the key is refused', () => {
    const expected = {
      bucket: 'uploads',
      key: undefined,
      httpRoute: undefined,
      refusedOperation: 'PutObject',
      type: 'invalid_key',
    };
    assert.deepEqual(routing('PUT', '/uploads/a//b'), expected);
  });

  it('has the bucket, the key and the route where the operation is refused', () => {
    const expected = {
      bucket: 'uploads',
      key: 'k',
      httpRoute: '/uploads/{key}',
      refusedOperation: 'GetObject',
      type: 'method_not_allowed',
    };
    assert.deepEqual(routing('GET', '/uploads/k'), expected);
  });

  it('has nothing where there is no bucket', () => {
    const expected = {
      bucket: undefined,
      key: undefined,
      httpRoute: undefined,
      refusedOperation: undefined,
      type: 'no_such_bucket',
    };
    assert.deepEqual(routing('PUT', '/other/k'), expected);
  });

  it('leaves the key of a form to its fields', () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const form = { bucket: 'uploads', key: '', httpRoute: '/uploads', type: ['form'] };
    assert.deepEqual(routing('POST', '/uploads', headers), form);
    assert.equal(routing('POST', '/uploads/k', headers).type, 'method_not_allowed');
  });
});

describe('parseTarget', () => {
  for (const target of ['http://h/uploads/k', '*', '/a#b', '/a\\b', '/a b', '/\u00fc', 'uploads/k', '']) {
    it(`rejects ${JSON.stringify(target)}`, () => assert.throws(() => parseTarget(target), { type: 'invalid_uri' }));
  }
});
