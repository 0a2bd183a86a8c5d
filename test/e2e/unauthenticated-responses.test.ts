import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const HEADERS = new Set([
  'allow',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'retry-after',
  'www-authenticate',
  'x-amz-request-id',
]);
const ELEMENTS = new Set([
  'AWSAccessKeyId',
  'CanonicalRequest',
  'CanonicalRequestBytes',
  'Code',
  'Error',
  'Message',
  'RequestId',
  'Resource',
  'SignatureProvided',
  'StringToSign',
  'StringToSignBytes',
]);

describe('a response to an unauthenticated client', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'inner-bucket', endpoint: store.url, access_key: 'inner-key', secret_key: 'inner-secret' };
    const credentials = [{ access_key: 'AKIADEVICE7', secret_key: 'secret-of-device-7', subject: 'inner-subject' }];
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'guarded', s3, auth: { sigv4: { credentials } } },
        { name: 'open', s3: { ...s3, endpoint: 'http://127.0.0.1:1' } },
      ],
    });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const assertGivesNothingAway = ({ headers, body }: Pick<Answer, 'headers' | 'body'>): void => {
    assert.deepEqual(
      Object.keys(headers).filter((name) => !HEADERS.has(name)),
      [],
    );
    const elements = [...body.matchAll(/<([A-Za-z]+)>/g)].map(([, name]) => name!);
    assert.deepEqual(
      elements.filter((name) => !ELEMENTS.has(name)),
      [],
    );
    assert.doesNotMatch(body, /inner-|127\.0\.0\.1|ECONN|node:|file:|\.ts\b| at .*:\d+:\d+/);
  };

  const signed = (key: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261129/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    'x-amz-date': '20261129T000000Z',
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  });
  for (const [what, status, method, target, headers] of [
    ['no credential', 403, 'PUT', '/guarded/k', {}],
    ['a token where none is taken', 403, 'PUT', '/guarded/k', { authorization: 'Bearer abc' }],
    ['another scheme', 403, 'PUT', '/guarded/k', { authorization: 'Negotiate abc' }],
    ['an unknown key', 403, 'PUT', '/guarded/k', signed('AKIDUNKNOWN')],
    ['a wrong signature', 403, 'PUT', '/guarded/k', signed('AKIADEVICE7')],
    ['half a signature', 400, 'PUT', '/guarded/k', { authorization: 'AWS4-HMAC-SHA256 Credential=a' }],
    ['a made-up upload id', 403, 'PUT', '/guarded/k?partNumber=1&uploadId=u', {}],
    ['no bucket', 404, 'PUT', '/nobody/k', {}],
    ['a way out', 400, 'PUT', '/guarded/%2e%2e%2f%2e%2e%2fk%00', {}],
    ['reading', 405, 'GET', '/guarded/k', {}],
    ['a store that is not there', 503, 'PUT', '/open/k', {}],
  ] as const) {
    it(`gives nothing away to ${what}`, async () => {
      const answer = await send(gateway.url, method, target, 'x', headers);
      if (status !== 400) assert.equal(answer.status, status, answer.body);
      assert.ok(answer.status >= 400);
      assertGivesNothingAway(answer);
    });
  }

  it('discloses nothing to clients that do not send HTTP', async () => {
    for (const bytes of ['NONSENSE\r\n\r\n', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'PUT / HTTP/1.1\r\n\r\n']) {
      const client = await RawClient.connect(gateway.url);
      client.write(bytes);
      const [head, body] = (await client.closed()).split('\r\n\r\n') as [string, string];
      const lines = head.split('\r\n').slice(1);
      const headers = Object.fromEntries(lines.map((line) => [line.split(':')[0]!.toLowerCase(), '']));
      assertGivesNothingAway({ headers, body });
    }
  });
});
