import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Pool } from 'undici';
import { storeConnector } from '../../../src/s3/store-connector.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';

describe('a connection to a store', () => {
  const trusted = getCACertificates();
  before(() => setDefaultCACertificates([...trusted, SELF_SIGNED_CERTIFICATE]));
  after(() => setDefaultCACertificates(trusted));

  // With TLS 1.3 this server writes tickets when we are gone already, and takes their failure for the end.
  const tls = {
    key: SELF_SIGNED_KEY,
    cert: SELF_SIGNED_CERTIFICATE,
    ALPNProtocols: ['h2', 'http/1.1'],
    maxVersion: 'TLSv1.2',
  } as const;
  const servers: [scheme: string, connected: string, create: () => Server][] = [
    ['http', 'connection', () => createServer({ allowHalfOpen: true })],
    ['https', 'secureConnection', () => createTlsServer(tls)],
  ];
  for (const [scheme, connected, create] of servers) {
    it(`is reset when a request is aborted, so that its end cannot be mistaken for that of the body: ${scheme}`, async (test) => {
      const server = create().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const pool = new Pool(`${scheme}://127.0.0.1:${port}`, { connect: storeConnector(5_000) });
      test.after(() => pool.destroy().then(() => server.close()));
      const body = new Readable({ read() {} });
      body.push(Buffer.alloc(10_000));
      const answer = pool.request({ method: 'PUT', path: '/k', headers: { 'content-length': '20000' }, body });
      const [socket] = (await once(server, connected)) as [Socket];
      test.after(() => socket.destroy());
      let received = '';
      const arrived = new Promise<void>((resolve) => {
        socket.on('data', (bytes) => {
          received += bytes.toString('latin1');
          if (received.length >= 10_000) resolve();
        });
      });
      const ended = new Promise<string>((resolve) => {
        socket.once('end', () => resolve('an orderly end'));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
      });
      await arrived;
      assert.match(received, /^PUT \/k HTTP\/1\.1\r\n/);
      body.destroy(new Error('the client is gone'));
      await assert.rejects(answer, /the client is gone/);
      assert.equal(await ended, 'ECONNRESET');
    });
  }

  it('fails with the reason where no server listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    for (const scheme of ['http', 'https']) {
      const pool = new Pool(`${scheme}://127.0.0.1:${port}`, { connect: storeConnector(5_000) });
      await assert.rejects(pool.request({ method: 'GET', path: '/' }), { code: 'ECONNREFUSED' });
      await pool.destroy();
    }
  });
});
