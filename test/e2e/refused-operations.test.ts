/** What the gateway refuses for good: 403 or 405 in words, and never a 5xx, which clients such as Rust's object_store repeat. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Answer, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const messageOf = ({ body }: Answer): string => /<Message>([^<]+)<\/Message>/.exec(body)?.[1] ?? '';

describe('an operation that is refused for good', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url });
  });
  afterEach(() => assert.deepEqual(store.requests, [], 'the store receives nothing'));
  after(async () => {
    await gateway.close();
    await store.close();
  });

  for (const [method, path, words] of [
    ['DELETE', '/uploads/k', 'Deletes are refused: this gateway accepts only uploads.'],
    ['DELETE', '/uploads/k?versionId=1', 'Deletes are refused: this gateway accepts only uploads.'],
    ['POST', '/uploads?delete', 'Deletes are refused: this gateway accepts only uploads.'],
    ['DELETE', '/uploads', 'Deletes of buckets are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads/k', 'Downloads are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads/k?versionId=1', 'Downloads are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads/k?partNumber=1', 'Downloads are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads/k?response-content-type=a', 'Downloads are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads/k?torrent', 'Downloads are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads/k?attributes', 'Reads are refused: this gateway accepts only uploads.'],
    ['POST', '/uploads/k?select&select-type=2', 'Reads are refused: this gateway accepts only uploads.'],
    ['POST', '/uploads/k?restore', 'Restores are refused: this gateway accepts only uploads.'],
    ['PUT', '/uploads/k?renameObject', 'Renames are refused: this gateway accepts only uploads.'],
    ['PUT', '/uploads/k?acl', 'ACLs are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads?acl', 'ACLs are refused: this gateway accepts only uploads.'],
    ['PUT', '/uploads/k?tagging', 'Tagging of existing objects is refused: this gateway accepts only uploads.'],
    ['DELETE', '/uploads/k?tagging', 'Tagging of existing objects is refused: this gateway accepts only uploads.'],
    [
      'PUT',
      '/uploads/k?retention',
      'Object Lock settings of existing objects are refused: this gateway accepts only uploads.',
    ],
    ['PUT', '/uploads?policy', 'Bucket policies are refused: this gateway accepts only uploads.'],
    ['PUT', '/uploads?lifecycle', 'Requests for settings of a bucket are refused: this gateway accepts only uploads.'],
    ['GET', '/uploads?versioning', 'Requests for settings of a bucket are refused: this gateway accepts only uploads.'],
    [
      'PUT',
      '/uploads/k?what-is-this',
      'The operation in the query parameters is refused: this gateway accepts only uploads.',
    ],
  ] as const)
    it(`${method} ${path} is 405, in words`, async () => {
      const answer = await send(gateway.url, method, path, method === 'GET' ? undefined : '');
      assert.deepEqual([answer.status, messageOf(answer)], [405, words]);
      assert.match(answer.body, /<Code>MethodNotAllowed<\/Code>/);
      assert.match(String(answer.headers.allow), /PUT, POST|HEAD, GET/);
      assert.equal(gateway.log.at(-1)?.error_type, 'method_not_allowed');
    });

  for (const [name, value, words] of [
    ['x-amz-copy-source', '/other/k', 'Copies are refused: this gateway accepts only uploads.'],
    ['x-amz-copy-source-range', 'bytes=0-1', 'Copies are refused: this gateway accepts only uploads.'],
    [
      'x-amz-grant-read',
      'id=1',
      'ACLs are refused: this gateway accepts only uploads, and their objects stay private.',
    ],
    ['x-amz-from-the-future', '1', 'This gateway does not offer what the header x-amz-from-the-future requests.'],
  ] as const)
    it(`the header ${name} is 403, in words`, async () => {
      const answer = await send(gateway.url, 'PUT', '/uploads/k', 'x', { [name]: value });
      assert.deepEqual([answer.status, messageOf(answer)], [403, words]);
      assert.match(answer.body, /<Code>AccessDenied<\/Code>/);
      const { error_type, error_reason } = gateway.log.at(-1)!;
      assert.deepEqual([error_type, error_reason], ['access_denied', 'header_refused']);
    });

  it('is never a 5xx, whatever method and query are', async () => {
    const queries = [
      'acl',
      'cors',
      'delete',
      'encryption',
      'foo=bar',
      'lifecycle',
      'list-type=2',
      'notification',
      'object-lock',
    ];
    queries.push(
      'partNumber=1',
      'policy',
      'restore',
      'tagging',
      'torrent',
      'uploadId=u',
      'versionId=v',
      'versions',
      'website',
    );
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'])
      for (const path of ['/uploads', '/uploads/k'])
        for (const query of queries) {
          const { status } = await send(gateway.url, method, `${path}?${query}`);
          assert.ok(status >= 400 && status < 500, `${method} ${path}?${query}: ${status}`);
        }
  });
});
