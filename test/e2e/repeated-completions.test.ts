/** A completion that the client sends once more, to a store that has forgotten the upload: it gets the response of the first. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { compositeEtag } from '../../src/upload/complete-once.ts';
import { beginUpload, CREATED, complete, LIST, PART_ETAG } from '../support/multipart.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const GONE = '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>';
const ETAG = `"${compositeEtag([PART_ETAG])}"`;

describe('a completion that is repeated', () => {
  let store: RawStore;
  let gateway: TestGateway;
  let object: [status: number, headers: Record<string, string>];

  before(async () => {
    store = await RawStore.start();
    store.behaviour = (request, response) => {
      request.resume();
      if (request.method === 'HEAD') response.writeHead(...object).end();
      else if (request.url?.includes('?uploads')) response.end(CREATED);
      else response.writeHead(404).end(GONE);
    };
    gateway = await startGateway({ storeUrl: store.url });
  });
  beforeEach(() => void store.requests.splice(0));
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const later = () => new Date(Date.now() + 5_000).toUTCString();
  const earlier = () => new Date(Date.now() - 5_000).toUTCString();

  it('gets 200 and the ETag, if the object is the one that these parts make', async () => {
    object = [200, { etag: ETAG, 'last-modified': later(), 'x-amz-version-id': 'v7' }];
    const answer = await complete(gateway.url, await beginUpload(gateway.url));
    assert.equal(answer.status, 200, answer.body);
    assert.match(answer.body, /<Bucket>uploads<\/Bucket><Key>k<\/Key>/);
    assert.equal(/<ETag>(.*)<\/ETag>/.exec(answer.body)?.[1]?.replaceAll('&quot;', '"'), ETAG);
    assert.equal(answer.headers['x-amz-version-id'], 'v7');
    assert.deepEqual(
      store.requests.map(({ method }) => method),
      ['POST', 'POST', 'HEAD'],
    );
  });

  for (const [what, answer] of Object.entries({
    'there is no object': () => [404, {}],
    'the object has other bytes': () => [200, { etag: `"${PART_ETAG}-1"`, 'last-modified': later() }],
    'the object is older than the upload': () => [200, { etag: ETAG, 'last-modified': earlier() }],
    'the gateway may not see the object': () => [403, {}],
  } satisfies Record<string, () => typeof object>)) {
    it(`gets 404 NoSuchUpload, if ${what}`, async () => {
      object = answer();
      const { status, body } = await complete(gateway.url, await beginUpload(gateway.url));
      assert.deepEqual([status, /<Code>(.*)<\/Code>/.exec(body)?.[1]], [404, 'NoSuchUpload']);
    });
  }

  it('gets 404 without a look at the object, if the ETags of its parts do not depend on bytes', async () => {
    const { status } = await complete(gateway.url, await beginUpload(gateway.url), LIST.replace(PART_ETAG, 'kms'));
    assert.deepEqual([status, store.requests.some(({ method }) => method === 'HEAD')], [404, false]);
  });
});
