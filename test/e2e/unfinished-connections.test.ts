/** Connections whose TLS handshake never ends: the gateway closes at once, and does not wait for their timeout. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { RawClient } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { type GatewayOptions, startGateway } from '../support/start-gateway.ts';

/** Seconds; longer than any test may take. */
const NEVER = 300;

describe('a gateway that closes', { timeout: 60_000 }, () => {
  const OPTIONS: Readonly<Record<string, (silent: string, store: string) => GatewayOptions>> = {
    store: (silent) => ({ storeUrl: silent, s3: { connect_timeout_seconds: NEVER } }),
    'policy engine': (silent, storeUrl) => ({
      storeUrl,
      authz: { opa: { url: silent, policy_path: 'mizuchi/allow', timeout_seconds: 60 } },
    }),
  };
  for (const [what, optionsOf] of Object.entries(OPTIONS)) {
    it(`does not wait for an unfinished handshake with the ${what}`, async (t) => {
      const sockets: Socket[] = [];
      const silent = createServer((socket) => void sockets.push(socket.on('error', () => {})));
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      const store = await RawStore.start();
      t.after(async () => {
        for (const socket of sockets) socket.destroy();
        silent.close();
        await store.close();
      });
      const options = optionsOf(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`, store.url);
      const gateway = await startGateway({ ...options, server: { shutdown_timeout_seconds: 0.01 } });
      const connected = once(silent, 'connection');
      const client = await RawClient.connect(gateway.url);
      client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello');
      await connected;
      const before = performance.now();
      await gateway.close();
      assert.ok(performance.now() - before < 30_000);
    });
  }
});
