import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { presigned } from '../support/aws-signer.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { allReadings, mangledTargets, OTHER_SECRETS } from '../support/mangled-urls.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';

const DEVICE = { access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7', subject: 'dev' };

/**
 * Every mangling, at every kind of bucket, in a process of its own: then all that an operator can see is searched, as it is and
 * decoded. The same targets reach the store as they are: what is cut in telemetry is neither authorized nor stored otherwise.
 */
describe('a credential where none belongs', () => {
  let store: RawStore;
  let provider: IdentityProvider;
  let token = '';
  before(async () => {
    store = await RawStore.start();
    provider = await IdentityProvider.start();
    token = await provider.token({ sub: 'john.roe@example.com' });
  });
  after(() => Promise.all([store.close(), provider.close()]));

  const buckets = () => {
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const jwt = { algorithms: ['RS256'], jwks_url: provider.jwksUrl, issuer: provider.issuer, audience: 'uploads' };
    return [
      { name: 'anonymous', s3 },
      { name: 'signed', s3, auth: { sigv4: { credentials: [DEVICE] } } },
      { name: 'bearer', s3, auth: { jwt } },
    ];
  };
  const configOf = (tracing: object) => ({
    server: { address: '127.0.0.1:0', domain: ['up.example'] },
    buckets: buckets(),
    tracing: { enabled: true, batch: { scheduled_delay_millis: 20 }, ...tracing },
    metrics: { port: 0 },
    logging: { level: 'debug', format: 'json' },
  });

  /** @returns what was seen, and the secrets that were sent. */
  async function run(tracing: object): Promise<{ readonly seen: string; readonly secrets: string[]; count: number }> {
    const gateway = await startGatewayProcess(configOf(tracing));
    const secrets = [...token.split('.').slice(1), DEVICE.access_key, ...OTHER_SECRETS];
    let count = 0;
    for (const bucket of ['anonymous', 'signed', 'bearer', 'no-such-bucket']) {
      const keys = { accessKey: DEVICE.access_key, secretKey: DEVICE.secret_key };
      const { target } = await presigned({ url: gateway.url, path: `/${bucket}/k`, ...keys });
      const [path, query] = target.split('?') as [string, string];
      secrets.push(/Signature=([0-9a-f]{64})/.exec(query)![1]!);
      for (const { target: mangled, headers = {} } of mangledTargets(path, query, token)) {
        const bearer: Record<string, string> = bucket === 'bearer' ? { authorization: `Bearer ${token}` } : {};
        const { body } = await send(gateway.url, 'PUT', mangled, 'hello', { ...bearer, ...headers });
        assertNone(/<Resource>[^<]*/.exec(body)?.[0] ?? '', secrets);
        await send(gateway.url, 'PUT', mangled.replace(`/${bucket}`, ''), 'hello', {
          host: `${bucket}.up.example`,
          ...headers,
        });
        count += 2;
      }
      await form(`${gateway.url}/${bucket}`, `form/k?${query}`);
      count++;
    }
    const { body: metrics } = await send(new URL(gateway.metricsUrl).origin, 'GET', '/metrics');
    await gateway.stop(); // delivers the last spans
    return { seen: [JSON.stringify(gateway.log), gateway.errors, metrics].join('\n'), secrets, count };
  }

  async function form(url: string, key: string): Promise<void> {
    const body = new FormData();
    body.append('key', key);
    body.append('file', new Blob(['hello']), 'a-file-name.txt');
    await fetch(url, { method: 'POST', body });
  }

  const assertNone = (seen: string, secrets: readonly string[]): void => {
    const text = allReadings(seen);
    assert.deepEqual(
      secrets.filter((secret) => text.includes(secret)),
      [],
    );
  };

  for (const semantic_conventions of ['stable', 'legacy', 'dup']) {
    it(`is in no span, log line or metric, with conventions ${semantic_conventions}`, async () => {
      const collector: OtlpReceiver = await receiveHttp();
      try {
        const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf' };
        const { seen, secrets, count } = await run({ otlp, semantic_conventions });
        const spans = collector.spans();
        const roots = spans.filter(({ name }) => name === 'http.server.request');
        assert.equal(roots.length, count);
        assert.ok(spans.some(({ name }) => name === 's3.upload'));
        const all = JSON.stringify(spans, (_, value) => (typeof value === 'bigint' ? String(value) : value));
        assert.ok(all.includes('X-Amz-Signature=REDACTED'));
        assertNone(all + seen, secrets);
      } finally {
        await collector.close();
      }
    });
  }

  it('is not in what the console exporter writes either', async () => {
    const { seen, secrets, count } = await run({ exporter: 'console' });
    assert.ok(seen.split('"http.server.request"').length > count);
    assertNone(seen, secrets);
  });

  it('is a key like every other for the store', async () => {
    store.requests.length = 0;
    store.behaviour = answerWell;
    const gateway = await startGatewayProcess({ ...configOf({ enabled: false }) });
    const target = `/anonymous/k%3FX-Amz-Signature=0badc0de/${token}`;
    const { status } = await send(gateway.url, 'PUT', target, 'hello');
    await gateway.stop();
    assert.equal(status, 200);
    assert.deepEqual(
      store.requests.map((request) => decodeURIComponent(request.target)),
      [`/my-bucket/k?X-Amz-Signature=0badc0de/${token}`],
    );
  });
});
