import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { presigned, type SignedRequest, signed } from '../support/aws-signer.ts';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const STORE_SECRET = 'the-secret-of-the-store';
const SEAL = 'the-secret-that-seals-upload-ids-xx';
const DEVICE = { access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7', subject: 'jane.doe@example.com' };
const TOKEN_KEY = { access_key: 'oidc-clients', secret_key: 'the-secret-of-all-clients' };
const ENGINE_TOKEN = 'the-token-of-the-engine';
const CLAIM = 'a-claim-that-is-private';

/** Every way in, well and badly done; then whatever the operator gets to see is searched for what was used. */
describe('what operators get to see', () => {
  let store: RawStore;
  let provider: IdentityProvider;
  let engine: Server;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  const secrets = new Set<string>([
    STORE_SECRET,
    SEAL,
    ENGINE_TOKEN,
    CLAIM,
    ...Object.values(DEVICE),
    ...Object.values(TOKEN_KEY),
  ]);
  let seen = '';

  before(async () => {
    store = await RawStore.start();
    provider = await IdentityProvider.start();
    collector = await receiveHttp();
    engine = createServer((request, response) => {
      request.resume().once('end', () => response.end('{"result":{"allow":true,"reason":"owner"}}'));
    });
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
    gateway = await startGateway({
      storeUrl: store.url,
      s3: { secret_key: STORE_SECRET },
      server: { upload_id_secret: SEAL },
      auth: {
        jwt: {
          algorithms: ['RS256'],
          jwks_url: provider.jwksUrl,
          issuer: provider.issuer,
          audience: 'uploads',
          session_token: TOKEN_KEY,
        },
        sigv4: { credentials: [DEVICE] },
      },
      authz: {
        opa: {
          url: `http://127.0.0.1:${(engine.address() as AddressInfo).port}`,
          policy_path: 'a/b',
          token: ENGINE_TOKEN,
        },
      },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    });
    for (const step of [tokens, signatures, forms]) await step();
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    await gateway.close(); // delivers the last spans
    const spans = JSON.stringify(collector.spans(), (_, value) => (typeof value === 'bigint' ? String(value) : value));
    seen = [spans, JSON.stringify(gateway.log), body].join('\n');
  });
  after(async () => {
    await gateway.close();
    engine.closeAllConnections();
    await Promise.all([
      new Promise((resolve) => engine.close(resolve)),
      provider.close(),
      collector.close(),
      store.close(),
    ]);
  });

  const statuses: number[] = [];
  const put = async (headers: Record<string, string>, target = '/uploads/k', method = 'PUT'): Promise<void> => {
    statuses.push((await send(gateway.url, method, target, 'hello', headers)).status);
  };

  async function tokens(): Promise<void> {
    const claims = { email: CLAIM, sub: 'john.roe@example.com' };
    secrets.add(claims.sub);
    const made = [
      await provider.token(claims),
      await provider.token({ ...claims, exp: 1 }),
      await provider.token({ ...claims, aud: 'others' }),
    ];
    for (const token of [...made, made[0]!.slice(0, -9)]) {
      for (const part of token.split('.').slice(1)) secrets.add(part);
      await put({ authorization: `Bearer ${token}` });
      const keys = { accessKey: TOKEN_KEY.access_key, secretKey: TOKEN_KEY.secret_key };
      await putSigned(await signed({ ...base(), ...keys, sessionToken: token }));
      await putSigned(await presigned({ ...base(), ...keys, sessionToken: token }));
    }
  }

  const base = () => ({
    url: gateway.url,
    path: '/uploads/k',
    body: 'hello',
    accessKey: DEVICE.access_key,
    secretKey: DEVICE.secret_key,
  });

  async function putSigned({ headers, target, method }: SignedRequest): Promise<void> {
    const signature = /Signature=([0-9a-f]{64})/.exec(`${headers.authorization} ${target}`)?.[1];
    assert.ok(signature);
    secrets.add(signature);
    await put(headers, target, method);
  }

  async function signatures(): Promise<void> {
    await putSigned(await signed(base()));
    await putSigned(await presigned(base()));
    await putSigned(await signed({ ...base(), secretKey: 'another-secret' }));
    await putSigned(await presigned({ ...base(), at: new Date(0) }));
    const both = await presigned(base());
    await putSigned({ ...both, headers: { ...both.headers, authorization: 'Bearer a-token-beside-a-signature' } });
    secrets.add('a-token-beside-a-signature');
    await put({ authorization: 'Basic dXNlcjpwYXNzd29yZC1vZi1hLXVzZXI=' });
    secrets.add('dXNlcjpwYXNzd29yZC1vZi1hLXVzZXI=');
  }

  async function forms(): Promise<void> {
    const client = new S3Client({
      region: 'us-east-1',
      endpoint: gateway.url,
      forcePathStyle: true,
      credentials: { accessKeyId: DEVICE.access_key, secretAccessKey: DEVICE.secret_key },
    });
    const { url, fields } = await createPresignedPost(client, { Bucket: 'uploads', Key: 'form.txt' });
    client.destroy();
    for (const spoil of [{}, { Policy: `${fields.Policy}A` }, { key: 'another' }]) {
      const form = new FormData();
      const filled: Record<string, string> = { ...fields, ...spoil };
      for (const [name, value] of Object.entries(filled)) form.append(name, value);
      for (const name of ['Policy', 'X-Amz-Signature']) secrets.add(filled[name]!);
      form.append('file', new Blob(['hello']), 'a-file-name.txt');
      statuses.push((await fetch(url, { method: 'POST', body: form })).status);
    }
  }

  it('holds none of the secrets that were used', () => {
    assert.ok(secrets.size > 25);
    const found = [...secrets].filter((secret) => seen.includes(secret));
    assert.deepEqual(found, []);
  });

  it('was the whole run: accepted and refused uploads, in every way', () => {
    assert.deepEqual([...new Set(statuses)].sort(), [200, 204, 400, 401, 403]);
    for (const method of ['jwt', 'sigv4', 'sigv4+jwt', 'post_policy'])
      assert.ok(seen.includes(`"string":"${method}"`), method);
    assert.ok(/mizuchi_auth_requests_total\{bucket="uploads",method="sigv4\+jwt",result="accepted"\} 2/.test(seen));
    assert.ok(/mizuchi_authz_decisions_total\{bucket="uploads",engine="opa",decision="allow"\} 6/.test(seen));
  });

  it('shows callers as keyed hashes: equal for one, different for two', () => {
    const hashes = collector
      .spans()
      .flatMap(({ attributes }) =>
        attributes['user.hash'] === undefined ? [] : [JSON.stringify(attributes['user.hash'])],
      );
    assert.ok(hashes.length === 6);
    assert.equal(new Set(hashes).size, 2);
    for (const hash of hashes) assert.match(hash, /"[0-9a-f]{16}"/);
  });

  it('has a whole trace of each refusal, with a reason that the client does not get', () => {
    const refused = collector
      .spans()
      .filter(({ name, attributes }) => name === 'auth.verify' && 'auth.reason' in attributes);
    const reasons = new Set(refused.map(({ attributes }) => (attributes['auth.reason'] as { string: string }).string));
    for (const reason of ['expired', 'wrong_audience', 'wrong_signature', 'two_kinds', 'unknown_scheme'])
      assert.ok(reasons.has(reason), `${reason} is not among ${[...reasons].join(', ')}`);
    for (const { traceId, parentSpanId } of refused) {
      const root = collector.spans().find((span) => span.traceId === traceId && span.spanId === parentSpanId);
      assert.equal(root?.name, 'http.server.request');
    }
  });
});
