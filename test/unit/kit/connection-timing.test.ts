import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { buildConnector } from 'undici';
import { timed, timingOf } from '../../../src/kit/connection-timing.ts';
import { storeConnector } from '../../../src/s3/store-connector.ts';
import { SELF_SIGNED_CERTIFICATE as ca, SELF_SIGNED_KEY as key } from '../../support/self-signed.ts';

/** Milliseconds of a slow step, and seconds that the measure has at least. */
const SLOW = 200;
const LEAST = 0.19;

const connectors = {
  'of undici': timed(buildConnector({ timeout: 5_000, allowH2: false, ca })),
  'of a store': storeConnector(5_000, ca),
};

for (const [name, connect] of Object.entries(connectors)) {
  const open = (host: string, port: number, protocol: string) =>
    new Promise<object>((resolve) => {
      const options = { hostname: host, host, protocol, port: String(port) };
      connect(options, (error, socket) => resolve(error === null ? socket : ((error.cause ?? error) as Error)));
    });
  const measure = async (test: TestContext, host: string, protocol: string, port?: number) => {
    const server = protocol === 'https:' ? createTlsServer({ key, cert: ca }) : createServer();
    server.on('connection', (socket) => test.after(() => socket.on('error', () => {}).destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    test.after(() => server.close());
    const connection = await open(host, port ?? (server.address() as AddressInfo).port, protocol);
    if (connection instanceof Socket) test.after(() => connection.destroy());
    return timingOf(connection)!;
  };

  describe(`the timing of a new connection by the connector ${name}`, () => {
    it('has the steps of the connection', async (test) => {
      assert.deepEqual(Object.keys(await measure(test, '127.0.0.1', 'http:')), ['tcp']);
      assert.deepEqual(Object.keys(await measure(test, 'localhost', 'http:')), ['dns', 'tcp']);
      assert.deepEqual(Object.keys(await measure(test, 'localhost', 'https:')), ['dns', 'tcp', 'tls']);
    });

    it('has a slow lookup in dns', async (test) => {
      const { lookup } = dns;
      const slow = (...args: Parameters<typeof lookup>) => void setTimeout(() => lookup(...args), SLOW);
      test.mock.method(dns, 'lookup', slow as unknown as typeof lookup);
      const { dns: seconds, tcp } = await measure(test, 'localhost', 'https:');
      assert.ok(seconds! >= LEAST && tcp! < LEAST, `${seconds} ${tcp}`);
    });

    it('ends with the step that failed', async (test) => {
      const { port } = await closedPort();
      assert.deepEqual(Object.keys(await measure(test, '127.0.0.1', 'http:', port)), ['tcp']);
      assert.deepEqual(Object.keys(await measure(test, 'store.invalid', 'https:', port)), ['dns']);
      assert.deepEqual(Object.keys(await measure(test, 'localhost', 'https:', await plainPort(test))), [
        'dns',
        'tcp',
        'tls',
      ]);
    });
  });
}

async function closedPort(): Promise<AddressInfo> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return address;
}

/** Does not speak TLS. */
async function plainPort(test: TestContext): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).end('no'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  return (server.address() as AddressInfo).port;
}
