import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { presigned, type SignedRequest, signed, type ToSign } from '../support/aws-signer.ts';
import { type Answer, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const ACCESS_KEY = 'AKIADEVICE7';
const SECRET_KEY = 'a-secret-key-of-device-7';

const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

describe('a bucket that requires signatures', () => {
  let store: RawStore;
  let gateway: TestGateway;
  const base = (more: Partial<ToSign> = {}): ToSign => ({
    url: gateway.url,
    path: '/uploads/a/b.txt',
    body: 'hello',
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    ...more,
  });
  const sendSigned = ({ method, target, headers }: SignedRequest, body = 'hello'): Promise<Answer> =>
    send(gateway.url, method, target, body, headers);

  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({
      storeUrl: store.url,
      auth: { sigv4: { credentials: [{ access_key: ACCESS_KEY, secret_key: SECRET_KEY, subject: 'device-7' }] } },
    });
  });
  beforeEach(() => {
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  it('tells a client with another kind of credentials which schemes it accepts', async () => {
    const reply = await send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization: 'Bearer a.b.c' });
    assert.deepEqual([reply.status, codeOf(reply)], [403, 'AccessDenied']);
    assert.match(
      reply.body,
      /does not accept this kind of credentials\. Use a scheme of the WWW-Authenticate header\./,
    );
    assert.equal(reply.headers['www-authenticate'], 'AWS4-HMAC-SHA256');
    const line = gateway.log.findLast(({ message }) => message === 'request');
    assert.equal(line?.error_reason, 'credential_kind_not_accepted');
  });

  const client = (options: { secretAccessKey?: string } = {}): S3Client =>
    new S3Client({
      endpoint: gateway.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: options.secretAccessKey ?? SECRET_KEY },
    });

  it('accepts the AWS SDK, whose key the store never sees', async () => {
    const s3 = client();
    await s3.send(
      new PutObjectCommand({ Bucket: 'uploads', Key: 'sp ace+ü/é.txt', Body: 'hello', Metadata: { a: 'b' } }),
    );
    s3.destroy();
    const [request] = store.requests;
    assert.equal(request?.body.toString(), 'hello');
    assert.equal(request.headers['x-amz-meta-a'], 'b');
    assert.doesNotMatch(JSON.stringify(request.rawHeaders), /AKIADEVICE7/);
    const line = gateway.log.findLast(({ message }) => message === 'request');
    assert.equal(line?.auth_method, 'sigv4');
  });

  it('takes a presigned URL, as the SDK makes it, and a signed stream with a trailer', async () => {
    const s3 = client();
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket: 'uploads', Key: 'pre signed' }), {
      expiresIn: 60,
    });
    assert.equal((await fetch(url, { method: 'PUT', body: 'presigned' })).status, 200);
    assert.equal(store.requests[0]?.body.toString(), 'presigned');
    assert.doesNotMatch(store.requests[0].target, /amz/i);
    const stream = Readable.from([randomBytes(200_000)]);
    const upload = new PutObjectCommand({ Bucket: 'uploads', Key: 's', Body: stream, ContentLength: 200_000 });
    await s3.send(upload);
    s3.destroy();
    assert.equal(store.requests[1]?.complete, true);
  });

  it('takes headers from a presigned URL, and refuses one that is changed there or contradicts it', async () => {
    const s3 = client();
    const command = new PutObjectCommand({
      Bucket: 'uploads',
      Key: 'k',
      Metadata: { owner: 'me' },
      StorageClass: 'STANDARD_IA',
    });
    const url = await getSignedUrl(s3, command, { expiresIn: 60 });
    s3.destroy();
    assert.match(url, /x-amz-meta-owner=me/);
    assert.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 200);
    assert.equal(store.requests[0]?.headers['x-amz-meta-owner'], 'me');
    assert.equal(store.requests[0]?.headers['x-amz-storage-class'], 'STANDARD_IA');
    assert.equal((await fetch(url.replace('owner=me', 'owner=you'), { method: 'PUT', body: 'x' })).status, 403);
    const headers = { 'x-amz-meta-owner': 'you' };
    assert.equal((await fetch(url, { method: 'PUT', body: 'x', headers })).status, 400);
    const acl = await presigned(base({ headers: { 'x-amz-acl': 'public-read' } }));
    assert.match(acl.target, /x-amz-acl=public-read/i);
    assert.equal((await sendSigned(acl)).status, 403);
    assert.equal(store.requests.length, 1);
  });

  it('takes a multipart upload of the SDK', async () => {
    const s3 = client();
    store.behaviour = async (request, response, record) => {
      for await (const piece of request) record.body = Buffer.concat([record.body, piece as Buffer]);
      const documents: Record<string, string> = {
        'uploads=': '<InitiateMultipartUploadResult><UploadId>up1</UploadId></InitiateMultipartUploadResult>',
        'uploadId=up1': '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>',
      };
      const query = request.url?.split('?')[1] ?? '';
      response.writeHead(200, { etag: '"p"', 'content-type': 'application/xml' }).end(documents[query] ?? '');
    };
    try {
      await new Upload({ client: s3, params: { Bucket: 'uploads', Key: 'm', Body: randomBytes(6 << 20) } }).done();
    } finally {
      s3.destroy();
      store.behaviour = (await import('../support/raw-store.ts')).answerWell;
    }
    assert.equal(store.requests.length, 4);
  });

  it('takes what the following tests spoil', async () => {
    assert.equal((await sendSigned(await signed(base()))).status, 200);
    assert.equal((await sendSigned(await presigned(base()))).status, 200);
  });

  it('explains a wrong signature as S3 does, to the client only', async () => {
    const answer = await sendSigned(await signed(base({ secretKey: 'another-secret-key-entirely' })));
    assert.equal(answer.status, 403);
    assert.equal(codeOf(answer), 'SignatureDoesNotMatch');
    assert.match(answer.body, /<AWSAccessKeyId>AKIADEVICE7<\/AWSAccessKeyId>/);
    assert.match(answer.body, /<CanonicalRequest>PUT\n\/uploads\/a\/b\.txt\n/);
    assert.match(answer.body, /<StringToSign>AWS4-HMAC-SHA256\n/);
    assert.doesNotMatch(answer.body, /device|another/);
    const line = gateway.log.findLast(({ message }) => message === 'request');
    assert.equal(line?.error_reason, 'wrong_signature');
    assert.doesNotMatch(JSON.stringify(line), /AWS4-HMAC|CanonicalRequest|AKIADEVICE7/);
    assert.equal(store.requests.length, 0);
  });

  it('challenges who brings nothing, or a token', async () => {
    const answer = await send(gateway.url, 'PUT', '/uploads/k', 'x');
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied']);
    assert.equal(answer.headers['www-authenticate'], 'AWS4-HMAC-SHA256');
    for (const authorization of ['Bearer x.y.z', 'Basic eDp5', 'AWS AK:sig', '']) {
      const other = await send(gateway.url, 'PUT', '/uploads/k', 'x', { authorization });
      assert.deepEqual([other.status, codeOf(other)], [403, 'AccessDenied'], authorization);
    }
    assert.equal(store.requests.length, 0);
  });

  const KINDS: readonly [string, string][] = [
    ['hash', ''],
    ['UNSIGNED-PAYLOAD', 'UNSIGNED-PAYLOAD'],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
  ];
  const OPERATIONS: readonly [string, string, Record<string, string>][] = [
    ['PutObject', 'PUT', {}],
    ['CreateMultipartUpload', 'POST', { uploads: '' }],
    ['UploadPart', 'PUT', { partNumber: '1', uploadId: 'u' }],
    ['CompleteMultipartUpload', 'POST', { uploadId: 'u' }],
    ['AbortMultipartUpload', 'DELETE', { uploadId: 'u' }],
    ['ListParts', 'GET', { uploadId: 'u' }],
  ];
  for (const [operation, method, query] of OPERATIONS) {
    for (const [kind, payloadHash] of KINDS) {
      it(`refuses a wrong signature of ${operation} with ${kind}, in the header, in the query, in both and in neither`, async () => {
        const more = payloadHash === '' ? {} : { payloadHash };
        const headers = kind.endsWith('TRAILER') ? { 'x-amz-trailer': 'x-amz-checksum-crc32' } : {};
        const forged = base({ method, query, headers, ...more, secretKey: 'another-secret-key-entirely' });
        const inHeader = await signed(forged);
        const streaming = payloadHash === '' ? {} : { 'x-amz-content-sha256': payloadHash };
        const inQuery = await presigned({ ...forged, headers: streaming });
        const both = { ...inQuery, headers: { ...inQuery.headers, authorization: inHeader.headers.authorization! } };
        const neither = { ...inHeader, headers: { ...inHeader.headers } };
        delete neither.headers.authorization;
        const answers = await Promise.all([inHeader, inQuery, both, neither].map((request) => sendSigned(request)));
        assert.deepEqual(
          answers.map((answer) => [answer.status, codeOf(answer)]),
          [
            [403, 'SignatureDoesNotMatch'],
            [403, 'SignatureDoesNotMatch'],
            [400, 'InvalidArgument'],
            [403, 'AccessDenied'],
          ],
        );
        assert.equal(store.requests.length, 0);
      });
    }
  }

  const minutes = (count: number): Date => new Date(Date.now() + count * 60_000);
  const spoiled: readonly [string, () => Promise<SignedRequest>, number, string][] = [
    ['a clock 16 minutes behind', () => signed(base({ at: minutes(-16) })), 403, 'RequestTimeTooSkewed'],
    ['a clock 16 minutes ahead', () => signed(base({ at: minutes(16) })), 403, 'RequestTimeTooSkewed'],
    ['an unknown access key', () => signed(base({ accessKey: 'NOBODY' })), 403, 'InvalidAccessKeyId'],
    ['another region', () => signed(base({ region: 'eu-west-1' })), 400, 'AuthorizationHeaderMalformed'],
    ['another service', () => signed(base({ service: 'ec2' })), 400, 'AuthorizationHeaderMalformed'],
    ['a session token that nobody gave', () => signed(base({ sessionToken: 'x' })), 400, 'InvalidToken'],
    ['an expired URL', () => presigned(base({ at: minutes(-2) }), 60), 403, 'AccessDenied'],
    ['a URL of the future', () => presigned(base({ at: minutes(20) })), 403, 'AccessDenied'],
    [
      'an unsigned x-amz-acl added to a signed request',
      async () => add(await signed(base()), { 'x-amz-acl': 'private' }),
      403,
      'AccessDenied',
    ],
    [
      'an unsigned x-amz-tagging added to a presigned URL',
      async () => add(await presigned(base()), { 'x-amz-tagging': 'a=b' }),
      403,
      'AccessDenied',
    ],
    [
      'a streaming body that a presigned URL does not speak of',
      async () => add(await presigned(base()), { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }),
      403,
      'AccessDenied',
    ],
    [
      'a bearer token beside a presigned URL',
      async () => add(await presigned(base()), { authorization: 'Bearer a.b.c' }),
      400,
      'InvalidArgument',
    ],
    [
      'another key than the signed one',
      async () => ({ ...(await signed(base())), target: '/uploads/other' }),
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'the signed key encoded twice',
      async () => ({ ...(await signed(base())), target: '/uploads/a%252Fb.txt' }),
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'another operation than the signed one',
      async () => ({ ...(await signed(base())), target: '/uploads/a/b.txt?partNumber=1&uploadId=u' }),
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'a presigned URL whose expiry was raised',
      async () => {
        const request = await presigned(base());
        return { ...request, target: request.target.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000') };
      },
      403,
      'SignatureDoesNotMatch',
    ],
    ...['0', '-1', '604801', '1e9', ''].map((expires): [string, () => Promise<SignedRequest>, number, string] => [
      `X-Amz-Expires=${expires}`,
      async () => {
        const request = await presigned(base());
        return { ...request, target: request.target.replace('X-Amz-Expires=60', `X-Amz-Expires=${expires}`) };
      },
      400,
      'AuthorizationQueryParametersError',
    ]),
    [
      'a second value of a query parameter',
      async () => {
        const request = await presigned(base());
        return { ...request, target: `${request.target}&X-Amz-Expires=60` };
      },
      400,
      'InvalidArgument',
    ],
    [
      'SignedHeaders without host',
      async () => replaceAuthorization(await signed(base()), /SignedHeaders=host;/, 'SignedHeaders='),
      403,
      'AccessDenied',
    ],
    [
      'an empty name in SignedHeaders',
      async () => replaceAuthorization(await signed(base()), /SignedHeaders=host;/, 'SignedHeaders=host;;'),
      400,
      'AuthorizationHeaderMalformed',
    ],
    [
      'a header without x-amz-content-sha256, as an old curl signs',
      async () => drop(await signed(base()), 'x-amz-content-sha256'),
      400,
      'InvalidRequest',
    ],
  ];
  for (const [what, make, status, code] of spoiled) {
    it(`refuses ${what}`, async () => {
      const answer = await sendSigned(await make());
      assert.deepEqual([answer.status, codeOf(answer)], [status, code], answer.body);
      assert.equal(store.requests.length, 0);
    });
  }

  it('does not take one request twice with another body', async () => {
    const request = await signed(base());
    assert.equal((await sendSigned(request)).status, 200);
    const [first] = store.requests;
    // The hash of the body is signed, and is handed on to the store that verifies it.
    assert.equal(first?.headers['x-amz-content-sha256'], request.headers['x-amz-content-sha256']);
  });
});

const add = (request: SignedRequest, headers: Record<string, string>): SignedRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

function drop(request: SignedRequest, name: string): SignedRequest {
  const headers = { ...request.headers };
  delete headers[name];
  return { ...request, headers };
}

function replaceAuthorization(request: SignedRequest, pattern: RegExp, by: string): SignedRequest {
  const authorization = request.headers.authorization!;
  assert.match(authorization, pattern);
  return add(request, { authorization: authorization.replace(pattern, by) });
}

describe('access keys in a file', () => {
  let directory: string;
  let store: RawStore;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mizuchi-keys-'));
    store = await RawStore.start();
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    await store.close();
  });
  let gateway: TestGateway;
  afterEach(() => gateway.close());

  it('are read again on request, and stay unchanged if the file is broken', async () => {
    const file = (...keys: string[]): void =>
      writeFileSync(
        join(directory, 'keys.yaml'),
        `credentials:\n${keys.map((key) => `  - { access_key: ${key}, secret_key: "${SECRET_KEY}" }\n`).join('')}`,
      );
    file('OLD');
    gateway = await startGateway({
      storeUrl: store.url,
      auth: { sigv4: { credentials_file: 'keys.yaml' } },
      directory,
    });
    const status = async (accessKey: string): Promise<number> => {
      const path = '/uploads/k';
      const request = await signed({ url: gateway.url, path, body: 'x', accessKey, secretKey: SECRET_KEY });
      return (await send(gateway.url, 'PUT', request.target, 'x', request.headers)).status;
    };
    assert.deepEqual([await status('OLD'), await status('NEW')], [200, 403]);
    file('NEW');
    await gateway.app.reload();
    assert.deepEqual([await status('OLD'), await status('NEW')], [403, 200]);
    writeFileSync(join(directory, 'keys.yaml'), 'credentials:\n  - { access_key: A B }\n');
    await gateway.app.reload();
    assert.deepEqual([await status('OLD'), await status('NEW')], [403, 200]);
    const said = gateway.log.findLast(({ level }) => level === 'error');
    assert.match(
      String(said?.problem),
      /keys\.yaml:2:5 credentials\[0\]\.secret_key: is missing; .*\n.*keys\.yaml:2:19 credentials\[0\]\.access_key/,
    );
    assert.doesNotMatch(JSON.stringify(gateway.log), new RegExp(SECRET_KEY));
  });
});
