/** `listings: empty`: listings that show nothing, whatever the store has; the AWS SDK is the judge of the documents. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Answer, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KEY = { access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7' };
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
const Bucket = 'guarded';

describe('a listing', () => {
  let store: RawStore;
  let gateway: TestGateway;
  let client: S3Client;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const auth = { sigv4: { credentials: [KEY] } };
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'open', s3, listings: 'empty' },
        { name: Bucket, s3, auth, listings: 'empty' },
        { name: 'refused', s3 },
      ],
    });
    const credentials = { accessKeyId: KEY.access_key, secretAccessKey: KEY.secret_key };
    const options = { endpoint: gateway.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 };
    client = new S3Client({ ...options, credentials });
  });
  afterEach(() => assert.deepEqual(store.requests, [], 'the store receives nothing'));
  after(async () => {
    client.destroy();
    await gateway.close();
    await store.close();
  });
  const list = (bucketAndQuery: string): Promise<Answer> => send(gateway.url, 'GET', `/${bucketAndQuery}`);
  const ODD = `a <&>"' +é/%\u0001`;
  const ENCODED = "a%20%3C%26%3E%22'%20%2B%C3%A9/%25%01";

  it('of version 2 is empty and repeats the parameters of the request', async () => {
    const asked = { Prefix: 'a&b/', Delimiter: '/', MaxKeys: 7, StartAfter: 'a&b/c', ContinuationToken: 't' };
    const { $metadata, ...listed } = await client.send(new ListObjectsV2Command({ Bucket, ...asked }));
    assert.deepEqual(listed, { Name: Bucket, KeyCount: 0, IsTruncated: false, ...asked });
    assert.equal($metadata.httpStatusCode, 200);
    const plain = await client.send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual([plain.KeyCount, plain.MaxKeys, plain.Prefix, plain.Contents], [0, 1000, '', undefined]);
    const encoded = await client.send(new ListObjectsV2Command({ Bucket, Prefix: ODD, EncodingType: 'url' }));
    assert.deepEqual([encoded.Prefix, encoded.EncodingType], [ENCODED, 'url']);
  });

  it('of version 1 is the same', async () => {
    const asked = { Prefix: 'p', Delimiter: '/', Marker: 'p/x', MaxKeys: 0 };
    const { $metadata: _, ...listed } = await client.send(new ListObjectsCommand({ Bucket, ...asked }));
    assert.deepEqual(listed, { Name: Bucket, IsTruncated: false, ...asked });
    const plain = await client.send(new ListObjectsCommand({ Bucket, EncodingType: 'url', Marker: ODD }));
    assert.deepEqual(
      [plain.Marker, plain.MaxKeys, plain.EncodingType, plain.Delimiter],
      [ENCODED, 1000, 'url', undefined],
    );
  });

  it('of versions and of multipart uploads, too', async () => {
    const versions = { Prefix: 'p', KeyMarker: 'k', VersionIdMarker: 'v', MaxKeys: 5 };
    const { $metadata: _, ...listed } = await client.send(new ListObjectVersionsCommand({ Bucket, ...versions }));
    assert.deepEqual(listed, { Name: Bucket, IsTruncated: false, ...versions });
    const uploads = { Prefix: 'p', Delimiter: '/', KeyMarker: 'k', UploadIdMarker: 'u', MaxUploads: 5 };
    const { $metadata: __, ...found } = await client.send(new ListMultipartUploadsCommand({ Bucket, ...uploads }));
    assert.deepEqual(found, { Bucket, IsTruncated: false, ...uploads });
  });

  it('returns no more than S3 would: pages of at most 1,000, no delimiter that is empty, nothing of the name of another bucket', async () => {
    const { body } = await list('open?prefix=&delimiter=&max-keys=5000&metadata=true');
    assert.equal(
      body,
      '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>open</Name>' +
        '<Prefix></Prefix><Marker></Marker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>',
    );
  });

  for (const query of [
    'list-type=1',
    'list-type=2&max-keys=x',
    'max-keys=-1',
    'max-keys=2147483648',
    'encoding-type=xml',
    `prefix=${'p'.repeat(1025)}`,
    'uploads&max-uploads=1e3',
    'prefix=a&prefix=b',
  ])
    it(`is 400 for ${query.slice(0, 40)}`, async () => {
      const answer = await list(`open?${query}`);
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'InvalidArgument']);
    });

  it('needs credentials, and no other request becomes one', async () => {
    assert.equal((await list('guarded?list-type=2')).status, 403);
    assert.equal((await list('guarded')).status, 403);
    assert.equal((await list('open?policy')).status, 405);
    assert.equal((await list('open?list-type=2&versions')).status, 403);
    assert.equal((await list('open/k?list-type=2')).status, 405, 'an object');
  });

  for (const query of ['', '?list-type=2&prefix=a', '?versions', '?prefix=a&delimiter=/'])
    it(`is refused with the name of the setting where the bucket does not have it: ${query}`, async () => {
      const answer = await list(`refused${query}`);
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied']);
      assert.match(
        answer.body,
        /<Message>Listings are refused: this gateway accepts only uploads \(setting: listings\)/,
      );
      assert.equal(gateway.log.at(-1)?.error_type, 'listing_refused');
    });
});
