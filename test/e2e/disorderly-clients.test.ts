import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';

describe('disorderly clients', () => {
  let store: RawStore;
  before(async () => {
    store = await RawStore.start();
  });
  after(async () => {
    await store.close();
  });

  it('cannot end the process by a CONNECT that is reset', async () => {
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 'b' };
    const child = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      metrics: { enabled: false },
    });
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(child.url);
      client.socket.write('CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', () => client.socket.resetAndDestroy());
    }
    assert.equal((await send(child.url, 'PUT', '/uploads/k', 'x')).status, 200);
    assert.equal(await child.stop(), 0);
  });

  for (const [what, request] of [
    ['a CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n'],
    ['nonsense', 'nonsense\r\n\r\n'],
  ] as const) {
    it(`cannot hold up the shutdown by ${what} and a connection that they never close`, {
      timeout: 10_000,
    }, async () => {
      const other = await startGateway({ storeUrl: store.url });
      const client = connect({ port: other.app.port, host: '127.0.0.1', allowHalfOpen: true });
      client.on('error', () => {}).write(request);
      await once(client, 'data');
      await other.close();
      client.destroy();
      assert.ok(other.log.at(-1)?.error_type);
    });
  }
});
