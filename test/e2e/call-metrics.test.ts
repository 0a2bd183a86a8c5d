/** The metrics of the calls that the gateway makes: to stores, policy engines and identity providers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeEngine } from '../support/fake-engine.ts';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const metricsOf = ({ app }: TestGateway) => readMetrics(`http://127.0.0.1:${app.metricsPort}/metrics`);
const labels = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');

describe('the metrics of calls to the store', () => {
  const count = 'mizuchi_store_request_duration_seconds_count';
  const put = { bucket: 'uploads', operation: 'PutObject' };

  it('count each attempt by operation, status and error type', async (t) => {
    const store = await RawStore.start();
    const gateway = await startGateway({ storeUrl: store.url });
    t.after(async () => {
      await gateway.close();
      await store.close();
    });
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    store.behaviour = answering(503, '<Error><Code>SlowDown</Code></Error>');
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    store.behaviour = answering(404, '<Error><Code>NoSuchBucket</Code></Error>');
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    store.behaviour = answering(599, '');
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    const figure = await metricsOf(gateway);
    for (const [status, error_type] of [
      ['200', 'none'],
      ['503', 'store_error'],
      ['404', 'store_refused_gateway'],
      ['5xx', 'store_error'],
    ] as const)
      assert.equal(figure(count, labels({ ...put, status, error_type })), 1, status);
    assert.equal(figure(count), 4);
    assert.equal(figure('mizuchi_store_retries_total'), 0);
    assert.equal(figure('mizuchi_store_info', labels({ bucket: 'uploads', endpoint: store.url })), 1);
  });

  it('count an attempt without a response, and its repetition', async (t) => {
    const store = await RawStore.start();
    const gateway = await startGateway({ storeUrl: store.url });
    t.after(async () => {
      await gateway.close();
      await store.close();
    });
    const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
    store.behaviour = answering(200, created);
    const { body } = await send(gateway.url, 'POST', '/uploads/k?uploads', '');
    const uploadId = /<UploadId>([^<]+)/.exec(body)![1]!;
    store.behaviour = (request) => {
      store.behaviour = answerWell;
      request.socket.destroy();
    };
    await send(gateway.url, 'GET', `/uploads/k?uploadId=${encodeURIComponent(uploadId)}`);
    const figure = await metricsOf(gateway);
    assert.equal(
      figure(count, labels({ bucket: 'uploads', operation: 'ListParts', status: 'none', error_type: 'store_reset' })),
      1,
    );
    assert.equal(figure('mizuchi_store_retries_total', labels({ bucket: 'uploads', operation: 'ListParts' })), 1);
  });

  it('count what the gateway cancelled by its reason, not as an error of the store', async (t) => {
    const store = await RawStore.start();
    const gateway = await startGateway({ storeUrl: store.url });
    t.after(async () => {
      await gateway.close();
      await store.close();
    });
    const { status } = await send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(200_000), {
      'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==',
    });
    assert.equal(status, 400);
    const figure = await metricsOf(gateway);
    assert.equal(figure(count, labels({ ...put, status: 'none', error_type: 'checksum_mismatch' })), 1);
  });

  it('show busy, idle and waiting connections', async (t) => {
    const store = await RawStore.start();
    const gateway = await startGateway({ storeUrl: store.url, s3: { max_connections: 1 } });
    t.after(async () => {
      await gateway.close();
      await store.close();
    });
    const pool = async (): Promise<number[]> => {
      const figure = await metricsOf(gateway);
      return ['in_use', 'idle', 'waiting'].map((state) => figure(`mizuchi_store_connections_${state}`));
    };
    assert.deepEqual(await pool(), [0, 0, 0]);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    store.behaviour = async (request, response, record) => {
      await released;
      await answerWell(request, response, record);
    };
    const arrived = store.next();
    const first = send(gateway.url, 'PUT', '/uploads/a', 'hello');
    await arrived;
    const second = send(gateway.url, 'PUT', '/uploads/b', 'hello');
    while ((await pool())[2] === 0) await new Promise(setImmediate);
    assert.deepEqual(await pool(), [1, 0, 1]);
    release();
    await Promise.all([first, second]);
    assert.deepEqual(await pool(), [0, 1, 0]);
  });
});

describe('the metrics of policy engines and identity providers', () => {
  it('count each call by its outcome', async (t) => {
    const store = await RawStore.start();
    const engine = await FakeEngine.start();
    const provider = await IdentityProvider.start();
    const gateway = await startGateway({
      storeUrl: store.url,
      auth: {
        jwt: { jwks_url: provider.jwksUrl, algorithms: ['RS256'], issuer: provider.issuer, audience: 'uploads' },
      },
      authz: { opa: { url: engine.url, policy_path: 'a/allow' } },
    });
    t.after(async () => {
      await gateway.close();
      await Promise.all([store.close(), engine.close(), provider.close()]);
    });
    const put = async () =>
      send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization: `Bearer ${await provider.token()}` });
    provider.behaviour = (_, response) => response.writeHead(500).end();
    await put();
    const unfetched = await metricsOf(gateway);
    assert.equal(unfetched('mizuchi_identity_keys_last_success_timestamp_seconds'), 0);
    provider.behaviour = undefined;
    while ((await put()).status !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
    engine.behaviour = (_, response) => response.end('{"result":false}');
    await put();
    engine.behaviour = (_, response) => response.writeHead(500).end();
    await put();
    const figure = await metricsOf(gateway);
    const calls = 'mizuchi_engine_call_duration_seconds_count';
    for (const outcome of ['allow', 'deny', 'engine_failed'])
      assert.equal(figure(calls, labels({ bucket: 'uploads', engine: 'opa', outcome })), 1, outcome);
    const fetches = 'mizuchi_identity_key_fetch_duration_seconds_count';
    for (const result of ['success', 'error']) {
      assert.equal(figure(fetches, labels({ provider: provider.issuer, result })), 1, result);
      assert.equal(figure('mizuchi_identity_key_fetches_total', labels({ result })), 1, result);
    }
    const fetchedAt = figure('mizuchi_identity_keys_last_success_timestamp_seconds');
    assert.ok(Math.abs(fetchedAt - Date.now() / 1000) < 60);
  });
});
