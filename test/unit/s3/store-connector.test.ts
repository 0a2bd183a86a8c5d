import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { Pool } from 'undici';
import { storeConnector } from '../../../src/s3/store-connector.ts';

describe('a connection to a store', () => {
  it('is reset where a request breaks off, so that its end is not taken for the end of the body', async (test) => {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      connect: storeConnector(5_000),
    });
    test.after(() => pool.destroy().then(() => server.close()));
    const body = new Readable({ read() {} });
    body.push(Buffer.alloc(10_000));
    const answer = pool.request({ method: 'PUT', path: '/k', headers: { 'content-length': '20000' }, body });
    const [socket] = (await once(server, 'connection')) as [Socket];
    test.after(() => socket.destroy());
    let received = 0;
    const arrived = new Promise<void>((resolve) => {
      socket.on('data', (bytes) => {
        received += bytes.length;
        if (received >= 10_000) resolve();
      });
    });
    const ended = new Promise<string>((resolve) => {
      socket.once('end', () => resolve('an orderly end'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
    });
    await arrived;
    body.destroy(new Error('the client is gone'));
    await assert.rejects(answer, /the client is gone/);
    assert.equal(await ended, 'ECONNRESET');
  });

  it('fails with the reason where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const pool = new Pool(`http://127.0.0.1:${port}`, { connect: storeConnector(5_000) });
    await assert.rejects(pool.request({ method: 'GET', path: '/' }), { code: 'ECONNREFUSED' });
    await pool.destroy();
  });
});
