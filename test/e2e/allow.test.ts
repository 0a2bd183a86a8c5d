/** RFC 9110, sections 10.2.1 and 15.5.6: a 405 says which methods the target takes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('Allow of a 405', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const cors = { allowed_origins: ['*'] };
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'plain', s3 },
        { name: 'head', s3, head: 'allow' },
        { name: 'cors', s3, cors },
        { name: 'both', s3, cors, head: 'allow' },
      ],
    });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const OBJECT = 'PUT, POST, DELETE, GET';
  const BUCKET = 'HEAD, GET, PUT, POST';
  for (const [method, path, allow] of [
    ['GET', '/plain/k', OBJECT],
    ['PATCH', '/plain/k', OBJECT],
    ['OPTIONS', '/plain/k', OBJECT],
    ['DELETE', '/plain/k', OBJECT],
    ['POST', '/plain/k', OBJECT],
    ['GET', '/head/k', `${OBJECT}, HEAD`],
    ['GET', '/cors/k', `${OBJECT}, OPTIONS`],
    ['OPTIONS', '/cors/k', `${OBJECT}, OPTIONS`],
    ['GET', '/both/k', `${OBJECT}, HEAD, OPTIONS`],
    ['POST', '/plain', BUCKET],
    ['GET', '/plain?policy', BUCKET],
    ['PUT', '/plain/k?acl', OBJECT],
    ['DELETE', '/head/', BUCKET],
    ['PATCH', '/both', `${BUCKET}, OPTIONS`],
  ] as const) {
    it(`of ${method} ${path} is ${allow}`, async () => {
      const answer = await send(gateway.url, method, path);
      assert.deepEqual([answer.status, answer.headers.allow], [405, allow]);
    });
  }

  it('is there for CONNECT', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
    await client.until(/^HTTP\/1\.1 405 [\s\S]*\r\nallow: PUT, POST, DELETE, GET\r\n[\s\S]*<\/Error>/);
    client.socket.destroy();
  });
});
