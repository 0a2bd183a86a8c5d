import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { base64url, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { signed } from '../support/aws-signer.ts';
import { type Answer, send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
const TOKEN_KEYS = { access_key: 'jwt', secret_key: 'known-to-everybody' };
const HOUR = 3600;
const now = (): number => Math.floor(Date.now() / 1000);

describe('a bucket that requires tokens', () => {
  let store: RawStore;
  let provider: IdentityProvider;
  let gateway: TestGateway;

  before(async () => {
    store = await RawStore.start();
    provider = await IdentityProvider.start();
    gateway = await startGateway({
      storeUrl: store.url,
      auth: {
        jwt: {
          algorithms: ['RS256'],
          jwks_url: provider.jwksUrl,
          issuer: provider.issuer,
          audience: 'uploads',
          session_token: TOKEN_KEYS,
        },
      },
    });
  });
  beforeEach(() => {
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await provider.close();
    await store.close();
  });

  const put = (token: string, headers: Record<string, string> = {}): Promise<Answer> =>
    send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization: `Bearer ${token}`, ...headers });

  it('takes a bearer token, which ends here', async () => {
    const token = await provider.token();
    assert.equal((await put(token)).status, 200);
    assert.equal(store.requests[0]?.body.toString(), 'hello');
    assert.ok(!JSON.stringify(store.requests[0].rawHeaders).includes(token));
    assert.equal(gateway.log.findLast(({ message }) => message === 'request')?.auth_method, 'jwt');
  });

  it('accepts a token with members in its header that are not understood', async () => {
    const token = await provider.token({}, { nonce: 'n', rh: '0.AX', ver: 1, 'x5t#S256': 't' });
    assert.equal((await put(token)).status, 200);
    for (const name of ['jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc']) {
      assert.equal((await put(await provider.token({}, { [name]: 'x' }))).status, 401, name);
    }
    assert.equal(store.requests.length, 1);
  });

  it('takes the same token from a stock S3 client, as its session token', async () => {
    const sessionToken = await provider.token({ sub: 'bob' });
    const s3 = new S3Client({
      endpoint: gateway.url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: TOKEN_KEYS.access_key, secretAccessKey: TOKEN_KEYS.secret_key, sessionToken },
    });
    await s3.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'k', Body: 'hello' }));
    s3.destroy();
    assert.equal(store.requests.length, 1);
    assert.ok(!JSON.stringify(store.requests[0]?.rawHeaders).includes(sessionToken));
    assert.equal(gateway.log.findLast(({ message }) => message === 'request')?.auth_method, 'sigv4+jwt');
  });

  it('challenges who brings none, in the words of RFC 6750', async () => {
    const none = await send(gateway.url, 'PUT', '/uploads/k', 'x');
    assert.deepEqual([none.status, codeOf(none)], [401, 'AccessDenied']);
    assert.equal(none.headers['www-authenticate'], 'Bearer, AWS4-HMAC-SHA256');
    const bad = await put('a.b.c');
    assert.deepEqual([bad.status, codeOf(bad)], [401, 'InvalidToken']);
    assert.match(String(bad.headers['www-authenticate']), /^Bearer .*error="invalid_token"/);
    assert.equal(store.requests.length, 0);
  });

  const encode = (value: unknown): string => base64url.encode(JSON.stringify(value));
  const hostile: readonly [string, () => Promise<string>][] = [
    ...['none', 'None', 'NONE', 'nOnE'].map((alg): [string, () => Promise<string>] => [
      `alg ${alg}`,
      async () => `${encode({ alg })}.${(await provider.token()).split('.')[1]}.`,
    ]),
    [
      'HS256 with the public key as its secret',
      async () => {
        const { publicKey } = await generateKeyPair('RS256', { extractable: true });
        const secret = new TextEncoder().encode(await exportSPKI(publicKey));
        const claims = { iss: provider.issuer, aud: 'uploads', sub: 'eve', exp: now() + HOUR };
        return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: provider.kid }).sign(secret);
      },
    ],
    [
      'a key of its own, with the kid of the provider',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        const claims = { iss: provider.issuer, aud: 'uploads', sub: 'eve', exp: now() + HOUR };
        return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: provider.kid }).sign(privateKey);
      },
    ],
    ['no expiry', () => provider.token({ exp: undefined })],
    ['an expiry long past', () => provider.token({ exp: now() - HOUR })],
    ['a start in the future', () => provider.token({ nbf: now() + HOUR })],
    ['another issuer', () => provider.token({ iss: 'https://evil' })],
    ['no issuer', () => provider.token({ iss: undefined })],
    ['another audience', () => provider.token({ aud: 'downloads' })],
    ['no audience', () => provider.token({ aud: undefined })],
    ['no subject', () => provider.token({ sub: undefined })],
    ['an empty subject', () => provider.token({ sub: '' })],
    ['a subject of two lines', () => provider.token({ sub: 'a\nb' })],
    ['a kid that climbs', () => provider.token({}, { kid: '../../etc/passwd' })],
    ['a kid that injects', () => provider.token({}, { kid: "' OR 1=1 --" })],
    ['a jku', () => provider.token({}, { jku: `${provider.issuer}/evil` })],
    ['an x5u', () => provider.token({}, { x5u: `${provider.issuer}/evil` })],
    ['a jwk', () => provider.token({}, { jwk: { kty: 'RSA' } })],
    ['64 KiB', () => provider.token({ padding: 'x'.repeat(48 * 1024) })],
    ['padding', async () => `${await provider.token()}=`],
    ['a cut signature', async () => (await provider.token()).slice(0, -20)],
    ['two parts', async () => (await provider.token()).split('.').slice(0, 2).join('.')],
    ['five parts', async () => `${await provider.token()}.a.b`],
    [
      'a payload that was changed',
      async () => {
        const [header, , signature] = (await provider.token()).split('.');
        return `${header}.${encode({ iss: provider.issuer, aud: 'uploads', sub: 'eve', exp: now() + HOUR })}.${signature}`;
      },
    ],
  ];
  for (const [what, make] of hostile) {
    it(`refuses a token with ${what}, as bearer and as session token`, async () => {
      await put(await provider.token()); // so that the keys are known
      store.requests.length = 0;
      const fetches = provider.fetches;
      const token = await make();
      const bearer = await put(token);
      // A header of 64 KiB does not get as far as to be judged.
      assert.ok([401, 431].includes(bearer.status), `${bearer.status} ${bearer.body}`);
      if (token.length < 12_000) {
        const request = await signed({
          url: gateway.url,
          path: '/uploads/k',
          body: 'hello',
          accessKey: TOKEN_KEYS.access_key,
          secretKey: TOKEN_KEYS.secret_key,
          sessionToken: token,
        });
        const session = await send(gateway.url, 'PUT', request.target, 'hello', request.headers);
        assert.ok([400, 401].includes(session.status), `${session.status} ${session.body}`);
      }
      assert.equal(store.requests.length, 0);
      assert.ok(provider.fetches - fetches <= 1, 'asked the provider more than once');
      const spoken = JSON.stringify(gateway.log);
      assert.ok(!spoken.includes(token), 'the token is in the log');
    });
  }

  it('reports that a token has expired', async () => {
    const answer = await put(await provider.token({ exp: now() - HOUR }));
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'ExpiredToken']);
  });

  it('refuses a session token under a wrong signature, and the keys without a token', async () => {
    const base = { url: gateway.url, path: '/uploads/k', body: 'hello', accessKey: TOKEN_KEYS.access_key };
    const wrong = await signed({ ...base, secretKey: 'guessed-secret', sessionToken: await provider.token() });
    const answer = await send(gateway.url, 'PUT', wrong.target, 'hello', wrong.headers);
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'SignatureDoesNotMatch']);
    const bare = await signed({ ...base, secretKey: TOKEN_KEYS.secret_key });
    const without = await send(gateway.url, 'PUT', bare.target, 'hello', bare.headers);
    assert.deepEqual([without.status, codeOf(without)], [400, 'InvalidToken']);
    assert.equal(store.requests.length, 0);
  });

  it('refuses signed chunks under a bearer token: it vouches for none', async () => {
    const answer = await put(await provider.token(), {
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-decoded-content-length': '5',
    });
    assert.equal(answer.status, 400);
    assert.equal(store.requests.length, 0);
  });

  it('returns 503 if the keys of the provider were never fetched', async () => {
    const silent = await IdentityProvider.start();
    silent.behaviour = (_, response) => response.writeHead(500).end();
    const other = await startGateway({
      storeUrl: store.url,
      auth: { jwt: { algorithms: ['RS256'], jwks_url: silent.jwksUrl, issuer: silent.issuer } },
    });
    const authorization = `Bearer ${await silent.token()}`;
    const answer = await send(other.url, 'PUT', '/uploads/k', 'x', { authorization });
    await other.close();
    await silent.close();
    assert.deepEqual([answer.status, codeOf(answer)], [503, 'ServiceUnavailable']);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.equal(store.requests.length, 0);
  });

  it('waits for the keys only while the client is there, and reports that it left', async () => {
    const silent = await IdentityProvider.start();
    const asked = Promise.withResolvers<void>();
    silent.behaviour = () => asked.resolve();
    const other = await startGateway({
      storeUrl: store.url,
      auth: { jwt: { algorithms: ['RS256'], jwks_url: silent.jwksUrl, issuer: silent.issuer } },
    });
    const { hostname, port } = new URL(other.url);
    const client = connect(Number(port), hostname).resume();
    client.write(
      `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nAuthorization: Bearer ${await silent.token()}\r\n\r\n`,
    );
    await asked.promise;
    client.destroy();
    const line = () => other.log.find(({ message }) => message === 'request');
    while (line() === undefined) await new Promise(setImmediate);
    assert.equal(line()!.error_type, 'client_aborted');
    await other.close();
    await silent.close();
  });
});
