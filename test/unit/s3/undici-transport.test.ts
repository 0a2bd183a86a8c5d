import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Pool } from 'undici';
import { UndiciTransport } from '../../../src/s3/undici-transport.ts';
import { RawStore } from '../../support/raw-store.ts';

const PIECE = Buffer.alloc(1024 * 1024);

describe('UndiciTransport', () => {
  let store: RawStore;
  before(async () => {
    store = await RawStore.start();
  });
  after(() => store.close());

  /** A pool whose connections come about when the test says so. */
  function slowPool(): { pool: Pool; connectNow: () => void } {
    const { promise: connected, resolve: connectNow } = Promise.withResolvers<void>();
    const pool = new Pool(store.url, {
      connect: async (_, callback) => {
        await connected;
        const socket = connect(Number(new URL(store.url).port), '127.0.0.1');
        await once(socket, 'connect');
        callback(null, socket);
      },
    });
    return { pool, connectNow };
  }

  it('sends nothing after the client disconnected, even if a connection is established later', async () => {
    const { pool, connectNow } = slowPool();
    const client = new AbortController();
    const sent: number[] = [];
    const exchanged = new UndiciTransport(pool).send({
      method: 'PUT',
      path: '/my-bucket/given-up',
      headers: ['content-length', '5'],
      body: Buffer.from('hello'),
      signal: client.signal,
      sent: (bytes) => sent.push(bytes),
      stallTimeoutMillis: 60_000,
      responseTimeoutMillis: 60_000,
    });
    client.abort();
    await assert.rejects(exchanged, { type: 'client_aborted' });
    assert.deepEqual(sent, [0]);
    connectNow();
    // The pool keeps the order of its requests: when this one is answered, the other would have been sent.
    const later = { method: 'PUT' as const, path: '/my-bucket/later', headers: ['content-length', '1'] };
    const clocks = { sent: () => {}, stallTimeoutMillis: 5_000, responseTimeoutMillis: 5_000 };
    const signal = new AbortController().signal;
    await new UndiciTransport(pool).send({ ...later, body: Buffer.from('x'), signal, ...clocks });
    assert.deepEqual(
      store.requests.map(({ target }) => target),
      ['/my-bucket/later'],
    );
    store.requests.length = 0;
    await pool.destroy();
  });

  it('starts the response timeout when the request is sent, not while it waits for a connection', async () => {
    for (const body of [Buffer.from('hello'), { pieces: [Buffer.from('hello')], length: 5 }]) {
      const { pool, connectNow } = slowPool();
      const exchanged = new UndiciTransport(pool).send({
        method: 'PUT',
        path: '/my-bucket/patient',
        headers: ['content-length', '5'],
        body,
        signal: new AbortController().signal,
        sent: () => {},
        stallTimeoutMillis: 200,
        responseTimeoutMillis: 200,
      });
      // Longer than its clocks, of which none may have begun.
      await new Promise((resolve) => setTimeout(resolve, 300));
      connectNow();
      assert.equal((await exchanged).status, 200);
      await pool.destroy();
    }
    store.requests.length = 0;
  });

  it('leaves no timeout running at its end, even if pieces are still being read', async () => {
    const pool = new Pool(store.url);
    store.behaviour = (request) => void request.socket.resetAndDestroy();
    const clocks = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const send = () =>
      new UndiciTransport(pool).send({
        method: 'PUT',
        path: '/my-bucket/pieces',
        headers: ['content-length', String(8 * PIECE.length)],
        body: { pieces: Array.from({ length: 8 }, () => PIECE), length: 8 * PIECE.length },
        sent: () => {},
        signal: new AbortController().signal,
        stallTimeoutMillis: 60_000,
        responseTimeoutMillis: 60_000,
      });
    await assert.rejects(send(), { type: 'store_reset' });
    const before = clocks();
    for (let i = 0; i < 5; i++) await assert.rejects(send(), { type: 'store_reset' });
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clocks(), before);
    await pool.destroy();
  });
});
