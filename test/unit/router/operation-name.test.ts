import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationName } from '../../../src/router/operation-name.ts';

const REQUESTS: readonly (readonly [method: string, query: string, hasKey: boolean, name: string | undefined])[] = [
  ['GET', '', true, 'GetObject'],
  ['HEAD', '', true, 'HeadObject'],
  ['DELETE', 'versionId=1', true, 'DeleteObject'],
  ['PUT', 'unknown=1', true, 'PutObject'],
  ['PUT', 'partNumber=0&uploadId=u', true, 'UploadPart'],
  ['GET', 'uploadId=u', true, 'ListParts'],
  ['PUT', 'acl', true, 'PutObjectAcl'],
  ['GET', 'tagging', true, 'GetObjectTagging'],
  ['POST', 'select&select-type=2', true, 'SelectObjectContent'],
  ['GET', 'list-type=2&prefix=a', false, 'ListObjectsV2'],
  ['GET', '', false, 'ListObjects'],
  ['POST', 'delete', false, 'DeleteObjects'],
  ['DELETE', '', false, 'DeleteBucket'],
  ['GET', 'policy', false, 'GetBucketPolicy'],
  ['PROPFIND', '', true, undefined],
  ['PROPFIND', 'acl', true, undefined],
];

describe('the name of an operation', () => {
  for (const [method, query, hasKey, name] of REQUESTS)
    it(`is ${name} for ${method} ?${query} of ${hasKey ? 'an object' : 'a bucket'}`, () =>
      assert.equal(operationName({ method, query: [...new URLSearchParams(query)] }, hasKey), name));
});
