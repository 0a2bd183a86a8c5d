import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('disorderly clients', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  it('cannot end the process by a CONNECT that is reset', async () => {
    gateway.log.length = 0;
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(gateway.url);
      client.socket.write('CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', () => client.socket.resetAndDestroy());
    }
    while (gateway.log.length < 20) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'x')).status, 200);
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
      assert.equal(other.log.at(-1)?.error_type === undefined, false);
    });
  }
});
