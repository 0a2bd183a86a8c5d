import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { type Store, startStore } from '../../src/rehearsal/store/start-store.ts';
import { END, encodeForm, field, filePart, formOf, handWritten } from '../support/forms.ts';
import { RawClient, send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const ETAG = '"5d41402abc4b2a76b9719d911017c592"';
const KEY = { access_key: 'AK', secret_key: 'a-secret-of-the-form-signer', subject: 'browser' };
const SIGV4 = { region: 'us-east-1', credentials: [KEY] };

/** The SDK's own client, which only signs here. */
function clientOf(endpoint: string, sessionToken?: string): S3Client {
  const own = { accessKeyId: KEY.access_key, secretAccessKey: KEY.secret_key };
  const tokens = { accessKeyId: 'jwt', secretAccessKey: 'known-to-everybody' };
  const credentials = sessionToken === undefined ? own : { ...tokens, sessionToken };
  return new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials });
}

/** Signed by the AWS SDK, encoded and sent by undici: neither is ours. */
async function postSigned(
  client: S3Client,
  file: Buffer,
  options: Partial<PresignedPostOptions> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const { url, fields } = await createPresignedPost(client, { Bucket: 'uploads', Key: 'k', ...options });
  return fetch(url, { method: 'POST', body: formOf(fields, file), redirect: 'manual', headers });
}

describe('POST forms', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url });
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const post = (fields: Record<string, string>, file: Buffer, path = '/uploads'): Promise<Response> =>
    fetch(`${gateway.url}${path}`, { method: 'POST', body: formOf(fields, file), redirect: 'manual' });
  const only = () => {
    assert.equal(store.requests.length, 1);
    return store.requests[0]!;
  };

  for (const size of [0, 1, 1000, 65_300, 65_536, 65_537, 8 * 1024 * 1024]) {
    it(`put a file of ${size} bytes`, async () => {
      const file = randomBytes(size);
      const answer = await post({ key: `user/\${filename}`, 'Content-Type': 'image/jpeg' }, file);
      assert.equal(answer.status, 204, await answer.text());
      assert.equal(answer.headers.get('etag'), ETAG);
      const request = only();
      assert.equal(request.method, 'PUT');
      assert.equal(request.target, '/my-bucket/user/photo.jpg');
      assert.equal(request.headers['content-type'], 'image/jpeg');
      assert.equal(request.headers['content-length'], String(size));
      assert.ok(request.body.equals(file));
    });
  }

  for (const [what, end] of [
    ['a submit button after it', field('submit', 'Send it') + END],
    ['fields after it that would change the object', field('key', 'other') + field('tagging', '<a/>') + END],
    ['no CRLF at the end of the form', END.slice(0, -2)],
  ] as const) {
    for (const size of [0, 1000, 65_400, 300_000, 6 * 1024 * 1024]) {
      it(`put a file of ${size} bytes with ${what}`, async () => {
        const content = 'x'.repeat(size);
        const { contentType, bytes } = handWritten(field('key', 'k'), filePart(content), end);
        const answer = await send(gateway.url, 'POST', '/uploads', bytes, { 'content-type': contentType });
        assert.equal(answer.status, 204, answer.body);
        const request = only();
        assert.equal(request.target, '/my-bucket/k');
        assert.equal(request.headers['content-length'], String(size));
        assert.equal(request.headers['x-amz-tagging'], undefined);
        assert.ok(request.body.equals(Buffer.from(content)));
      });
    }
  }

  it('hand on their tags as the header of a PUT', async () => {
    const tagging =
      '<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>a &amp; b</Key><Value>ü=1</Value></Tag>' +
      '<Tag><Value/><Key>c</Key></Tag></TagSet></Tagging>';
    const answer = await post({ key: 'k', tagging }, Buffer.from('x'));
    assert.equal(answer.status, 204, await answer.text());
    assert.equal(only().headers['x-amz-tagging'], 'a%20%26%20b=%C3%BC%3D1&c=');
  });

  it('hand on what describes the object, and nothing of the connection or the credentials', async () => {
    const fields = {
      key: 'k',
      acl: 'private',
      'X-Amz-Meta-Name': 'ünï',
      'x-amz-storage-class': 'STANDARD_IA',
      'Content-Disposition': `attachment; filename="\${filename}"`,
      'x-ignore-this': 'yes',
      policy: 'judged by nobody here',
      'X-Amz-Security-Token': 'a-token',
      'if-none-match': '*',
    };
    const body = formOf(fields, Buffer.from('x'));
    const headers = { cookie: 'c=d', 'x-amz-meta-other': 'of the connection' };
    const answer = await fetch(`${gateway.url}/uploads/`, { method: 'POST', body, headers });
    assert.equal(answer.status, 204, await answer.text());
    const { headers: sent } = only();
    assert.equal(Buffer.from(String(sent['x-amz-meta-name']), 'latin1').toString(), 'ünï');
    assert.equal(sent['x-amz-storage-class'], 'STANDARD_IA');
    assert.equal(sent['content-disposition'], 'attachment; filename="photo.jpg"');
    for (const name of ['x-amz-acl', 'cookie', 'x-amz-meta-other', 'x-ignore-this', 'x-amz-security-token', 'policy'])
      assert.equal(sent[name], undefined, name);
    assert.equal(sent['if-none-match'], undefined);
  });

  const keys: [key: string, target: string][] = [
    ['a/', '/my-bucket/a/'],
    ['a../.b/...', '/my-bucket/a../.b/...'],
    ['%2e%2e/a+b c', '/my-bucket/%252e%252e/a%2Bb%20c'],
    ['e\u0301 🐉?#&=', '/my-bucket/e%CC%81%20%F0%9F%90%89%3F%23%26%3D'],
    ['k'.repeat(1024), `/my-bucket/${'k'.repeat(1024)}`],
  ];
  for (const [key, target] of keys) {
    it(`write the key ${JSON.stringify(key.slice(0, 20))} as it is in the form`, async () => {
      const answer = await post({ key }, Buffer.from('x'));
      assert.equal(answer.status, 204, await answer.text());
      assert.equal(only().target, target);
    });
  }

  const statuses: [field: string | undefined, status: number][] = [
    ['200', 200],
    ['204', 204],
    ['404', 204],
    [undefined, 204],
  ];
  for (const [field, status] of statuses) {
    it(`get ${status} where success_action_status is ${field}`, async () => {
      const fields: Record<string, string> = field === undefined ? {} : { success_action_status: field };
      const answer = await post({ key: 'a b/k', ...fields }, Buffer.from('x'));
      assert.deepEqual([answer.status, await answer.text()], [status, '']);
      assert.equal(answer.headers.get('etag'), ETAG);
      assert.equal(answer.headers.get('location'), `${gateway.url}/uploads/a%20b/k`);
      assert.equal(answer.headers.get('x-amz-request-id'), 'STORE0001');
    });
  }

  it('get a document where success_action_status is 201', async () => {
    const answer = await post({ key: '<ü> & k', success_action_status: '201' }, Buffer.from('x'), '/uploads/');
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('content-type'), 'application/xml');
    const location = `${gateway.url}/uploads/%3C%C3%BC%3E%20%26%20k`;
    assert.equal(
      await answer.text(),
      `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>${location}</Location><Bucket>uploads</Bucket>` +
        '<Key>&lt;ü&gt; &amp; k</Key><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag></PostResponse>',
    );
  });

  const query = 'bucket=uploads&key=a+b%2Fk&etag=%225d41402abc4b2a76b9719d911017c592%22';
  const redirects: [name: string, wanted: string, location: string | undefined][] = [
    ['success_action_redirect', 'http://site/done.html', `http://site/done.html?${query}`],
    ['redirect', 'https://site/done?a=b#c', `https://site/done?a=b&${query}#c`],
    ['success_action_redirect', 'https://site/ü', `https://site/%C3%BC?${query}`],
    ['success_action_redirect', '/relative', undefined],
    ['success_action_redirect', 'javascript:alert(1)', undefined],
    ['success_action_redirect', 'http://', undefined],
    ['success_action_redirect', 'http://site/\r\nset-cookie: a=b', undefined],
  ];
  for (const [name, wanted, location] of redirects) {
    it(`${location === undefined ? 'lead nowhere' : 'lead on'} where ${name} is ${JSON.stringify(wanted)}`, async () => {
      const answer = await post({ key: 'a b/k', [name]: wanted }, Buffer.from('x'));
      assert.equal(answer.status, location === undefined ? 204 : 303);
      assert.equal(answer.headers.get('location'), location ?? `${gateway.url}/uploads/a%20b/k`);
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.equal(answer.headers.get('etag'), ETAG);
    });
  }

  it('get 100 Continue, and leave the connection usable', async (t) => {
    const client = await RawClient.connect(gateway.url);
    t.after(() => client.destroy());
    for (const size of [10, 200_000]) {
      const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(size)));
      client.received = '';
      client.write(
        `POST /uploads HTTP/1.1\r\nHost: h\r\nContent-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\nExpect: 100-continue\r\n\r\n`,
      );
      await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      client.write(bytes);
      const [head] = await client.until(/HTTP\/1\.1 204 .*\r\n\r\n/s);
      assert.doesNotMatch(head, /connection: close/i);
    }
    assert.equal(store.requests.length, 2);
  });
});

describe('POST forms with a policy', () => {
  let directory: string;
  let store: Store;
  let provider: IdentityProvider;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  const reader = () => {
    const credentials = { accessKeyId: 'mizuchi', secretAccessKey: 'mizuchi-secret' };
    return new S3Client({ endpoint: store.url, forcePathStyle: true, region: 'us-east-1', credentials });
  };
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mizuchi-forms-'));
    const address = { host: '127.0.0.1', port: 0 };
    const keys = { accessKey: 'mizuchi', secretKey: 'mizuchi-secret' };
    store = await startStore({ directory, address, ...keys, buckets: ['my-bucket'] });
    provider = await IdentityProvider.start();
    collector = await receiveHttp();
    const jwt = {
      algorithms: ['RS256'],
      jwks_url: provider.jwksUrl,
      issuer: provider.issuer,
      audience: 'uploads',
      session_token: { access_key: 'jwt', secret_key: 'known-to-everybody' },
    };
    gateway = await startGateway({
      storeUrl: store.url,
      auth: { enabled: true, sigv4: SIGV4, jwt },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf', compression: 'none' },
        batch: { scheduled_delay_millis: 50 },
      },
    });
  });
  after(async () => {
    await gateway.close();
    await collector.close();
    await provider.close();
    await store.close();
    await rm(directory, { recursive: true });
  });
  const stored = async (key: string) => {
    const client = reader();
    try {
      const object = await client.send(new GetObjectCommand({ Bucket: 'my-bucket', Key: key }));
      return { ...object, bytes: Buffer.from((await object.Body?.transformToByteArray()) ?? []) };
    } finally {
      client.destroy();
    }
  };

  for (const size of [0, 5, 8 * 1024 * 1024]) {
    it(`that the AWS SDK has signed put ${size} bytes into a real store`, async () => {
      const file = randomBytes(size);
      const answer = await postSigned(clientOf(gateway.url), file, {
        Key: `user/${size}/\${filename}`,
        Fields: { 'Content-Type': 'image/png', 'x-amz-meta-name': 'a b', success_action_status: '201' },
        Conditions: [
          ['content-length-range', size, size],
          ['starts-with', '$Content-Type', 'image/'],
        ],
      });
      assert.equal(answer.status, 201, await answer.clone().text());
      const object = await stored(`user/${size}/photo.jpg`);
      assert.ok(object.bytes.equals(file));
      assert.equal(object.ContentType, 'image/png');
      assert.deepEqual(object.Metadata, { name: 'a b' });
      assert.equal(answer.headers.get('etag'), object.ETag);
    });
  }

  it('are their bearer’s where they are signed with a session token', async () => {
    const client = clientOf(gateway.url, await provider.token());
    const answer = await postSigned(client, Buffer.from('by token'), { Key: 'token.txt' });
    assert.equal(answer.status, 204, await answer.text());
    assert.equal((await stored('token.txt')).bytes.toString(), 'by token');
    const other = await postSigned(clientOf(gateway.url, 'no token'), Buffer.from('x'), { Key: 'other.txt' });
    assert.equal(other.status, 401, await other.text());
  });

  it('need none where the connection brings a bearer token', async () => {
    const headers = { authorization: `Bearer ${await provider.token()}` };
    const body = formOf({ key: 'bearer.txt' }, Buffer.from('by bearer'));
    const answer = await fetch(`${gateway.url}/uploads`, { method: 'POST', body, headers });
    assert.equal(answer.status, 204, await answer.text());
    assert.equal((await stored('bearer.txt')).bytes.toString(), 'by bearer');
    const both = await postSigned(clientOf(gateway.url), Buffer.from('x'), {}, headers);
    assert.equal(both.status, 400, await both.text());
  });

  it('are one trace of an upload', async () => {
    const traceId = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
    const answer = await postSigned(clientOf(gateway.url), Buffer.from('hello'), { Key: 'traced' }, headers);
    assert.equal(answer.status, 204);
    const mine = () => collector.spans().filter((span) => span.traceId === traceId);
    await collector.until(() => mine().some(({ name }) => name === 'http.server.request'));
    const attributes = (name: string) => mine().find((span) => span.name === name)?.attributes ?? {};
    assert.deepEqual(attributes('http.server.request')['http.route'], { string: '/uploads' });
    assert.deepEqual(attributes('auth.verify')['auth.method'], { string: 'post_policy' });
    assert.deepEqual(attributes('s3.upload')['s3.operation'], { string: 'PostObject' });
    assert.deepEqual(attributes('s3.upload')['s3.key'], { string: 'traced' });
    assert.deepEqual(attributes('aws.s3.put_object')['rpc.method'], { string: 'PutObject' });
    const text = inspect([mine(), gateway.log], { depth: Infinity });
    for (const secret of [KEY.secret_key, 'eyJ', "'AK'", 'AK/']) assert.ok(!text.includes(secret), secret);
  });
});
