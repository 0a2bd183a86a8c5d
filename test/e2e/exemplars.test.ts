/** Every histogram leads from a duration to the trace of a request that took it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { METRICS } from '../../src/metrics/catalogue.ts';
import { signed } from '../support/aws-signer.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';

describe('exemplars', () => {
  it('are on every histogram, and only of kept traces', async (t) => {
    const store = await RawStore.start();
    const engine = await FakeEngine.start();
    const collector = await receiveHttp();
    const provider = await IdentityProvider.start();
    const key = { access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7', subject: 'device-7' };
    const gateway = await startGateway({
      storeUrl: store.url,
      auth: {
        sigv4: { region: 'us-east-1', credentials: [key] },
        jwt: { jwks_url: provider.jwksUrl, algorithms: ['RS256'], issuer: provider.issuer, audience: 'uploads' },
      },
      authz: { opa: { url: engine.url, policy_path: 'a/allow', cache_ttl_seconds: 0 } },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        inbound: 'continue',
      },
    });
    t.after(async () => {
      await gateway.close();
      await Promise.all([store.close(), engine.close(), collector.close(), provider.close()]);
    });
    const put = async (flags: string): Promise<string> => {
      const traceId = crypto.randomUUID().replaceAll('-', '');
      const traceparent = `00-${traceId}-00f067aa0ba902b7-${flags}`;
      const token = { authorization: `Bearer ${await provider.token()}`, traceparent };
      assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello', token)).status, 200);
      const { access_key: accessKey, secret_key: secretKey } = key;
      const { headers } = await signed({ url: gateway.url, path: '/uploads/k', body: 'hello', accessKey, secretKey });
      const { status } = await send(gateway.url, 'PUT', '/uploads/k', 'hello', { ...headers, traceparent });
      assert.equal(status, 200);
      return traceId;
    };
    const scrape = async (): Promise<string> => {
      const headers = { accept: 'application/openmetrics-text' };
      return (await fetch(`http://127.0.0.1:${gateway.app.metricsPort}/metrics`, { headers })).text();
    };
    const kept = await put('01');
    const text = await scrape();
    const histograms = Object.entries(METRICS).flatMap(([name, shape]) =>
      shape.type === 'histogram' && !('semconv' in shape) ? [name] : [],
    );
    assert.ok(histograms.length >= 7);
    for (const name of histograms) {
      assert.match(
        text,
        new RegExp(`^${name}_bucket\\{[^}]*\\} \\d+ # \\{trace_id="${kept}",span_id="[0-9a-f]{16}"\\}`, 'm'),
      );
    }
    const dropped = await put('00');
    assert.ok(!(await scrape()).includes(dropped));
  });
});
