/** Headers that SDKs and proxies add, the date in `Date`, targets in absolute form: what stock clients send passes. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { REQUEST_HEADERS } from '../../src/domain/request-headers.ts';
import { presigned, type SignedRequest, signed, type ToSign } from '../support/aws-signer.ts';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { signedWithDate } from '../support/signed-with-date.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KEY = { accessKey: 'AKIADEVICE7', secretKey: 'a-secret-key-of-device-7' };
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

describe('headers of SDKs and proxies', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'real', endpoint: store.url, access_key: 'k', secret_key: 's' };
    const auth = { sigv4: { credentials: [{ access_key: KEY.accessKey, secret_key: KEY.secretKey }] } };
    gateway = await startGateway({
      storeUrl: store.url,
      server: { domain: ['uploads.example.com'] },
      upload: { multipart_threshold: '5MiB', part_size: '5MiB' },
      buckets: [
        { name: 'uploads', s3, auth },
        { name: 'open', s3 },
      ],
    });
  });
  beforeEach(() => {
    store.requests.length = 0;
    store.behaviour = answerWell;
    gateway.log.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const base = (more: Partial<ToSign> = {}): ToSign => ({
    url: gateway.url,
    path: '/uploads/k',
    body: 'hello',
    ...KEY,
    ...more,
  });
  const sendSigned = (request: SignedRequest, added: Record<string, string> = {}): Promise<Answer> =>
    send(gateway.url, request.method, request.target, 'hello', { ...request.headers, ...added });

  const ofProxies = REQUEST_HEADERS.filter(({ addedOnTheWay }) => addedOnTheWay === true).map(({ name }) =>
    name.replace('*', 'id'),
  );
  for (const name of ofProxies) {
    it(`accepts ${name}, which a proxy adds unsigned, and keeps it from the store`, async () => {
      for (const request of [await signed(base()), await presigned(base())]) {
        assert.equal((await sendSigned(request, { [name]: 'value-of-a-proxy' })).status, 200);
      }
      assert.equal(store.requests.length, 2);
      assert.ok(!JSON.stringify(store.requests.map((each) => each.rawHeaders)).includes('value-of-a-proxy'));
    });
  }

  const refusedUnsigned = REQUEST_HEADERS.filter(
    ({ name, addedOnTheWay }) => name.startsWith('x-amz-') && addedOnTheWay === undefined,
  )
    .map(({ name }) => name.replace('*', 'id'))
    .filter((name) => !['x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token'].includes(name));
  it('refuses every other x-amz-* header that is added unsigned', async () => {
    for (const name of [...refusedUnsigned, 'x-amz-from-the-future', 'x-amz-c', 'x-amz-cf']) {
      for (const request of [await signed(base()), await presigned(base())]) {
        const answer = await sendSigned(request, { [name]: 'x' });
        assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied'], name);
      }
    }
    assert.equal(store.requests.length, 0);
  });

  const OF_SDKS = {
    'x-amz-api-version': '2006-03-01',
    'x-amz-user-agent': 'aws-sdk-js',
    'x-amz-te': 'append-md5',
    'amz-sdk-invocation-id': '1',
    'amz-sdk-request': 'attempt=1; max=3',
    'amz-sdk-retry': '0/0/500',
  };
  it('accepts what AWS SDKs add, and keeps it from the store', async () => {
    assert.equal((await sendSigned(await signed(base({ headers: OF_SDKS })))).status, 200);
    assert.equal((await send(gateway.url, 'PUT', '/open/k', 'hello', OF_SDKS)).status, 200);
    for (const { headers } of store.requests) for (const name in OF_SDKS) assert.equal(headers[name], undefined, name);
  });

  const JUDGED = {
    'x-amz-expected-bucket-owner': '111122223333',
    'x-amz-request-payer': 'requester',
    'x-amz-sdk-checksum-algorithm': 'CRC32',
  };
  it('lets the store judge the owner, the payer and the checksum algorithm, signed towards it', async () => {
    const { 'x-amz-sdk-checksum-algorithm': _, ...inQuery } = JUDGED;
    assert.equal((await sendSigned(await signed(base({ headers: JUDGED })))).status, 200);
    const url = await presigned(base({ query: inQuery }));
    assert.match(url.target, /x-amz-request-payer=/);
    assert.equal((await sendSigned(url)).status, 200);
    const [inHeaders, inUrl] = store.requests;
    for (const [name, value] of Object.entries(JUDGED)) assert.equal(inHeaders?.headers[name], value);
    for (const [name, value] of Object.entries(inQuery)) assert.equal(inUrl?.headers[name], value);
    assert.match(String(inHeaders?.headers.authorization), /x-amz-expected-bucket-owner;x-amz-request-payer/);
  });

  it('sends owner and payer with every request of an object that it splits', async () => {
    store.behaviour = async (request, response, record) => {
      for await (const _ of request);
      const xml = record.target.includes('uploads=')
        ? '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'
        : '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>';
      response.writeHead(200, { etag: '"p"' }).end(request.method === 'POST' ? xml : '');
    };
    const headers = { 'x-amz-expected-bucket-owner': '111122223333', 'x-amz-request-payer': 'requester' };
    assert.equal((await send(gateway.url, 'PUT', '/open/k', Buffer.alloc(6 << 20), headers)).status, 200);
    assert.equal(store.requests.length, 4);
    for (const request of store.requests) {
      assert.equal(request.headers['x-amz-expected-bucket-owner'], '111122223333', request.target);
      assert.equal(request.headers['x-amz-request-payer'], 'requester', request.target);
    }
  });

  it('passes on the refusal of another owner, and keeps one without that header to the operator', async () => {
    store.behaviour = answering(403, '<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    const headers = { 'x-amz-expected-bucket-owner': '111122223333' };
    const denied = await send(gateway.url, 'PUT', '/open/k', 'hello', headers);
    assert.deepEqual([denied.status, codeOf(denied)], [403, 'AccessDenied']);
    assert.match(denied.body, /x-amz-expected-bucket-owner/);
    const without = await send(gateway.url, 'PUT', '/open/k', 'hello');
    assert.deepEqual([without.status, codeOf(without)], [502, 'BadGateway']);
  });

  it('reports why a header is refused', async () => {
    for (const [name, why] of [
      ['x-amz-copy-source', /Copies are refused/],
      ['x-amz-write-offset-bytes', /append/],
      ['x-amz-object-lock-mode', /headers\.allow/],
    ] as const) {
      const answer = await send(gateway.url, 'PUT', '/open/k', 'hello', { [name]: '1' });
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied']);
      assert.match(answer.body, why);
    }
  });

  const dates: [what: string, form: (at: Date) => string][] = [
    ['RFC 1123', (at) => at.toUTCString()],
    ['RFC 1123 with an offset', (at) => at.toUTCString().replace('GMT', '+0000')],
    ['ISO 8601 basic', (at) => at.toISOString().replace(/[-:]|\.\d{3}/g, '')],
  ];
  for (const [what, form] of dates) {
    it(`accepts Date instead of x-amz-date: ${what}`, async () => {
      const request = (at: Date, day?: Date) => signedWithDate({ ...base(), at, dateHeader: form(at), day });
      assert.equal((await sendSigned(request(new Date()))).status, 200);
      const late = await sendSigned(request(new Date(Date.now() - 16 * 60_000)));
      assert.deepEqual([late.status, codeOf(late)], [403, 'RequestTimeTooSkewed']);
      const otherDay = await sendSigned(request(new Date(), new Date(Date.now() - 86_400_000)));
      assert.deepEqual([otherDay.status, codeOf(otherDay)], [400, 'AuthorizationHeaderMalformed']);
      const changed = await sendSigned(request(new Date()), { date: form(new Date(Date.now() + 60_000)) });
      assert.deepEqual([changed.status, codeOf(changed)], [403, 'SignatureDoesNotMatch']);
    });
  }

  it('refuses a Date of no known form, and prefers x-amz-date', async () => {
    for (const dateHeader of ['yesterday', '2026-01-01', String(Date.now()), 'Thu, 01 Jan 1970 00:00:00 +0100']) {
      const answer = await sendSigned(signedWithDate({ ...base(), at: new Date(), dateHeader }));
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied'], dateHeader);
    }
    assert.equal((await sendSigned(await signed(base()), { date: 'yesterday' })).status, 200);
  });

  const raw = async (target: string, host: string, headers: Record<string, string> = {}): Promise<number> => {
    const client = await RawClient.connect(gateway.url);
    const lines = Object.entries({ ...headers, host, 'content-length': '5', connection: 'close' });
    client.write(
      `PUT ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\nhello`,
    );
    return Number(/^HTTP\/1\.1 (\d+)/.exec(await client.closed())?.[1]);
  };
  const absolute: [target: string, host: string, status: number][] = [
    ['http://gw.example/open/k', 'gw.example', 200],
    ['HTTP://GW.Example:80/open/k', 'gw.example', 200],
    ['https://gw.example:443/open/k', 'gw.example', 200],
    ['http://uploads.example.com/open/k', 'gw.example', 200],
    ['http://open.uploads.example.com:8080/k', 'gw.example', 200],
    ['http://[::1]:9000/open/k', '[::1]:9000', 200],
    ['http://other.example/open/k', 'open.uploads.example.com', 400],
    ['http://uploads.example.com.evil.example/open/k', 'gw.example', 400],
    ['http://eviluploads.example.com/open/k', 'gw.example', 400],
    ['http://gw.example:81/open/k', 'gw.example', 400],
    ['http://jane:pw@gw.example/open/k', 'gw.example', 400],
  ];
  for (const [target, host, status] of absolute) {
    it(`returns ${status} to the target ${target} with Host: ${host}`, async () => {
      assert.equal(await raw(target, host), status);
      assert.equal(store.requests[0]?.target, status === 200 ? '/real/k' : undefined);
      assert.doesNotMatch(JSON.stringify(gateway.log), /pw@|jane/);
      const line = gateway.log.findLast(({ message }) => message === 'request');
      assert.match(String(line?.path), status === 200 ? /^\/(open\/)?k$/ : /^\/open\/k$/);
    });
  }

  it('verifies the signature of an absolute target over its own authority', async () => {
    const { host } = new URL(gateway.url);
    const own = await signed(base());
    assert.equal(await raw(`${gateway.url}/uploads/k`, host, own.headers), 200);
    const url = await presigned(base());
    assert.equal(await raw(`${gateway.url}${url.target}`, host, url.headers), 200);
    const other = await signed(base({ url: 'http://uploads.uploads.example.com', path: '/k' }));
    assert.equal(await raw('http://uploads.uploads.example.com/k', 'gw.example', other.headers), 200);
    assert.equal(await raw('http://open.uploads.example.com/k', 'uploads.uploads.example.com', other.headers), 200);
    assert.equal(await raw('http://uploads.uploads.example.com/uploads/k', host, own.headers), 403);
  });

  it('responds to a probe in absolute form', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write('GET http://a/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(await client.closed(), /^HTTP\/1\.1 200 .*"ok"/s);
  });

  const UNSIGNED = {
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '5',
  };
  const trailerless: [what: string, body: string, status: number, code: string | undefined][] = [
    ['no trailer', '5\r\nhello\r\n0\r\n\r\n', 200, undefined],
    [
      'one that nobody announced',
      '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n',
      400,
      'MalformedTrailerError',
    ],
    ['no end', '5\r\nhello\r\n0\r\n', 400, 'IncompleteBody'],
    ['too few bytes', '4\r\nhell\r\n0\r\n\r\n', 400, 'IncompleteBody'],
  ];
  for (const [what, body, status, code] of trailerless) {
    it(`returns ${status} to an unsigned chunked body without x-amz-trailer and with ${what}`, async () => {
      const answer = await send(gateway.url, 'PUT', '/open/k', body, UNSIGNED);
      assert.deepEqual([answer.status, codeOf(answer)], [status, code]);
      if (status === 200) assert.equal(store.requests[0]?.body.toString(), 'hello');
      else assert.ok(!store.requests.some(({ complete }) => complete));
    });
  }
});
