/** The two phases of a shutdown: first the gateway is only not ready, so that balancers notice; then its port closes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';

/** Longer than any test: a second signal ends it. */
const LONG_SECONDS = 600;
const BEGUN = 'PUT /uploads/begun HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhe';

describe('a gateway that leaves', () => {
  let store: RawStore;
  let gateway: GatewayProcess;
  let admin = '';
  /** Its upload has begun before, and ends in the first phase. */
  let client: RawClient;

  before(async () => {
    store = await RawStore.start();
    gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0', shutdown_delay_seconds: LONG_SECONDS },
      buckets: [
        {
          name: 'uploads',
          s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'AKEXAMPLE', secret_key: 'very-secret-key' },
        },
      ],
      admin: { port: 0 },
    });
    admin = `http://127.0.0.1:${gateway.log.find(({ admin_port }) => admin_port !== undefined)?.admin_port}`;
    assert.equal((await send(gateway.url, 'GET', '/ready')).status, 200);
    client = await RawClient.connect(gateway.url);
    client.write(BEGUN);
    gateway.process.kill('SIGTERM');
    while ((await send(gateway.url, 'GET', '/ready')).status === 200);
  });
  after(() => store.close());

  it('is not ready on either port, and alive and started on both', async () => {
    for (const url of [gateway.url, admin]) {
      const [ready, health, startup] = await Promise.all(
        ['/ready', '/health', '/startup'].map((path) => send(url, 'GET', path)),
      );
      assert.deepEqual([ready?.status, ready?.body], [503, '{"status":"draining"}\n']);
      assert.deepEqual([health?.status, startup?.status], [200, 200]);
    }
  });

  it('accepts and serves new requests, and closes each connection after its response', async () => {
    const { status, headers } = await send(gateway.url, 'PUT', '/uploads/new', 'hello', { connection: 'keep-alive' });
    assert.deepEqual([status, headers.connection], [200, 'close']);
    const refused = await send(gateway.url, 'GET', '/uploads/new', undefined, { connection: 'keep-alive' });
    assert.deepEqual([refused.status, refused.headers.connection], [405, 'close']);
  });

  it('serves the uploads that had begun, and closes their connections', async () => {
    client.write('llo');
    await client.until(/^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close/i);
    await client.closed();
  });

  it('ends at once with a second signal', async () => {
    gateway.process.kill('SIGTERM');
    assert.equal(await gateway.exited, 1);
  });
});

describe('a gateway that has left', () => {
  it('accepts no connection after the delay', async (t) => {
    const store = await RawStore.start();
    t.after(() => store.close());
    // Below the ports that systems choose themselves: no other test gets it meanwhile.
    const address = `127.0.0.1:${20_000 + (process.pid % 10_000)}`;
    const { app, url } = await startGateway({ storeUrl: store.url, server: { address, shutdown_delay_seconds: 0.01 } });
    await app.close();
    await assert.rejects(send(url, 'GET', '/ready'), { code: 'ECONNREFUSED' });
  });
});

describe('the admin port without metrics', () => {
  it('serves probes, and explains why there are no metrics', async () => {
    const store = await RawStore.start();
    const { app } = await startGateway({
      storeUrl: store.url,
      metrics: { enabled: false },
      admin: { enabled: true, port: 0 },
    });
    const url = `http://127.0.0.1:${app.adminPort}`;
    assert.equal((await send(url, 'GET', '/ready')).body, '{"status":"ok"}\n');
    assert.equal((await send(url, 'HEAD', '/startup')).status, 200);
    assert.equal((await send(url, 'POST', '/ready')).status, 405);
    const { status, body } = await send(url, 'GET', '/metrics');
    assert.deepEqual([status, body], [404, 'Not found. Metrics are disabled; set metrics.enabled to true.\n']);
    assert.equal(app.metricsPort, undefined);
    await app.close();
    await store.close();
  });
});
