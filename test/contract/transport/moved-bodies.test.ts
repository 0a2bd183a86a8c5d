/** What holds for bodies that a pump moves, beyond the contract of every transport. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Failure } from '../../../src/domain/failure.ts';
import type { UsedConnection } from '../../../src/kit/used-connection.ts';
import { NetworkTransport } from '../../../src/s3/network-transport.ts';
import type { StoreResponse, TransportRequest } from '../../../src/s3/store-transport.ts';
import { type FakePump, fakePump } from '../../support/fake-pump.ts';
import { answerWell, RawStore } from '../../support/raw-store.ts';

const MIB = 1024 * 1024;
const FORBIDDEN = '<Error><Code>AccessDenied</Code></Error>';

describe('a moved body', () => {
  let store: RawStore;
  let transport: NetworkTransport;
  let sent: number[] = [];

  const open = (origin: string): NetworkTransport =>
    NetworkTransport.open({ origin, connections: 1, connectTimeoutMillis: 2_000, ca: undefined });
  before(async () => {
    store = await RawStore.start();
    transport = open(store.url);
  });
  afterEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
    sent = [];
  });
  after(async () => {
    await transport.close();
    await store.close();
  });

  const request = ({ body }: FakePump, length: number, more: Partial<TransportRequest> = {}): TransportRequest => ({
    method: 'PUT',
    path: '/my-bucket/key',
    headers: ['X-Amz-Meta-B', 'é', 'host', 'store', 'x-amz-meta-a', '1', 'content-length', String(length)],
    body: { moved: body, length },
    sent: (bytes) => void sent.push(bytes),
    signal: new AbortController().signal,
    stallTimeoutMillis: 2_000,
    responseTimeoutMillis: 2_000,
    ...more,
  });

  /** A store on a plain socket. */
  async function rawStore(serve: (socket: Socket) => void): Promise<{ url: string; close(): Promise<void> }> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return {
      url: `http://127.0.0.1:${port}`,
      async close() {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  /** How the connection of the store ended: the code of its error, or `end`. */
  const endOf = (socket: Socket): Promise<string> =>
    new Promise((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.once('end', () => resolve('end'));
    });

  it('begins when nothing waits in the queue of its connection, behind the headers in their order', async () => {
    const pump = fakePump(Buffer.alloc(MIB, 'x'), 100_000);
    await transport.send(request(pump, MIB));
    assert.equal(pump.queued, 0);
    assert.deepEqual(store.requests[0]!.rawHeaders.slice(0, 8), request(pump, MIB).headers);
  });

  for (const first of [0, 100_000]) {
    it(`with ${first} first bytes ends with an early 403, which is returned`, async () => {
      const connection = Promise.withResolvers<string>();
      const other = await rawStore((socket) => {
        connection.resolve(endOf(socket));
        socket.once('data', () => {
          socket.write(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${FORBIDDEN.length}\r\n\r\n${FORBIDDEN}`);
          socket.resume();
        });
      });
      const fresh = open(other.url);
      const pump = fakePump(Buffer.alloc(MIB), first, MIB / 2);
      const response = await fresh.send(request(pump, MIB));
      assert.deepEqual([response.status, response.body], [403, FORBIDDEN]);
      assert.equal((await (await pump.begun).done).failure?.type, 'store_invalid_answer');
      assert.deepEqual([sent.length, sent[0]! < MIB], [1, true]);
      assert.match(await connection.promise, /ECONNRESET/);
      assert.equal(fresh.idleConnections, 0);
      await fresh.close();
      await other.close();
    });
  }

  it('has the response that the store sent before it reset the connection', async () => {
    const other = await rawStore((socket) =>
      socket.once('data', () => {
        socket.pause();
        setTimeout(() => {
          socket.end(
            `HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: ${FORBIDDEN.length}\r\n\r\n${FORBIDDEN}`,
          );
          socket.destroySoon();
        }, 50);
      }),
    );
    const fresh = open(other.url);
    const response = await fresh.send(request(fakePump(Buffer.alloc(32 * MIB)), 32 * MIB));
    assert.equal(response.status, 403);
    await fresh.close();
    await other.close();
  });

  it('has no success before it is complete', async () => {
    store.behaviour = (_, response) => void response.writeHead(200, { 'content-length': 0 }).end();
    const sending = transport.send(request(fakePump(Buffer.alloc(MIB), 0, MIB / 2), MIB));
    await assert.rejects(sending, { type: 'store_invalid_answer' });
  });

  it('is complete if the response is faster than the report of the pump', async () => {
    for (let i = 0; i < 20; i++)
      assert.equal((await transport.send(request(fakePump(Buffer.alloc(1)), 1))).status, 200);
    assert.ok(sent.every((bytes) => bytes === 1));
  });

  it('that fails resets the connection with its failure, after the pump has ended', async () => {
    const arrived = store.next();
    const pump = fakePump(Buffer.alloc(MIB), 10, MIB / 2);
    let isDone = false;
    const sending = transport.send(request(pump, MIB));
    const movement = await pump.begun;
    void movement.done.then(() => {
      isDone = true;
    });
    await arrived;
    movement.abort(new Failure('client_stalled'));
    await assert.rejects(sending, { type: 'client_stalled' });
    assert.ok(isDone);
    await store.requests[0]!.over;
    assert.equal(store.requests[0]!.complete, false);
    assert.equal(transport.idleConnections, 0);
  });

  it('ends with the request of its client: with its outcome, if it was sent', async () => {
    for (const settleMillis of [undefined, 2_000]) {
      const client = new AbortController();
      store.behaviour = async (incoming, response, record) => {
        for await (const _ of incoming);
        client.abort(new Failure('client_aborted'));
        await delay(50);
        response.end();
        record.complete = true;
      };
      const sending = transport.send(
        request(fakePump(Buffer.alloc(MIB)), MIB, {
          signal: client.signal,
          ...(settleMillis !== undefined && { settleMillis }),
        }),
      );
      if (settleMillis === undefined) await assert.rejects(sending, { type: 'client_aborted' });
      else assert.equal((await sending).status, 200);
    }
  });

  it('is not settled before the pump has ended, if it is aborted', async () => {
    const client = new AbortController();
    const pump = fakePump(Buffer.alloc(MIB), 0, MIB / 2);
    const sending = transport.send(request(pump, MIB, { signal: client.signal, settleMillis: 2_000 }));
    const movement = await pump.begun;
    let isDone = false;
    void movement.done.then(() => {
      isDone = true;
    });
    client.abort(new Failure('shutting_down'));
    await assert.rejects(sending, { type: 'shutting_down' });
    assert.ok(isDone);
  });

  it('fails if its response stops in the middle, is too large, or is invalid', async () => {
    const head = 'HTTP/1.1 200 OK\r\n';
    const cases: [string, string, string | RegExp][] = [
      [`${head}content-length: 100\r\n\r\nabc`, 'store_timeout', 'no_answer'],
      [`${head}content-length: ${32 * MIB}\r\n\r\n${'x'.repeat(32 * MIB)}`, 'store_invalid_answer', ''],
      ['HTTP/1.1 banana\r\n\r\n', 'store_invalid_answer', /^HPE_/],
      [`${head}content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc`, 'store_invalid_answer', ''],
    ];
    for (const [answer, type, reason] of cases) {
      const other = await rawStore((socket) => {
        socket.on('data', (bytes) => {
          if (bytes.at(-1) === 0x7a) socket.write(answer);
        });
      });
      const fresh = open(other.url);
      const bytes = Buffer.concat([Buffer.alloc(1000), Buffer.from('z')]);
      const sending = fresh.send(request(fakePump(bytes), bytes.length, { responseTimeoutMillis: 300 }));
      await assert.rejects(sending, (failure: Failure) => {
        assert.equal(failure.type, type, answer.slice(0, 40));
        if (reason !== '') assert.match(String(failure.reason), new RegExp(reason));
        return true;
      });
      assert.deepEqual(sent.splice(0), [bytes.length]);
      await fresh.close();
      await other.close();
    }
  });

  it('has a response that is decoded', async () => {
    store.behaviour = (incoming, response) => {
      incoming.resume();
      incoming.once('end', () => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('<Result/>')));
    };
    assert.equal((await transport.send(request(fakePump(Buffer.alloc(10)), 10))).body, '<Result/>');
  });

  it('fails with store_reset on a connection that the store closed while it was idle, or opens another one', async () => {
    const other = await rawStore((socket) => {
      socket.on('data', (bytes) => {
        if (bytes.at(-1) !== 0x7a) return;
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        setTimeout(() => socket.resetAndDestroy(), 20);
      });
    });
    const fresh = open(other.url);
    const bytes = Buffer.from('xyz');
    for (let i = 0; i < 20; i++) {
      const sending = fresh.send(request(fakePump(bytes), 3));
      await sending.catch((failure: Failure) => assert.equal(failure.type, 'store_reset'));
      await delay(18 + (i % 5));
    }
    await fresh.close();
    await other.close();
  });

  it('tells its observer the connection, with its timing if it is new', async () => {
    const fresh = open(store.url);
    const seen: unknown[] = [];
    const waits: (number | undefined)[] = [];
    const connected = ({ port, isReused, timing }: UsedConnection, waited: number | undefined) => {
      seen.push([port, isReused, typeof timing?.tcp]);
      waits.push(waited);
    };
    const ignore = () => {};
    const observer = { connected, bodyBegun: ignore, requestSent: ignore, responseBegun: ignore };
    for (let i = 0; i < 2; i++) await fresh.send(request(fakePump(Buffer.alloc(10)), 10, { observer }));
    const port = Number(new URL(store.url).port);
    assert.deepEqual(seen, [
      [port, false, 'number'],
      [port, true, 'undefined'],
    ]);
    assert.equal(typeof waits[0], 'number');
    assert.ok(
      waits[1] === undefined || waits[1] >= 0.001,
      `a busy machine may wait for an idle connection: ${waits[1]} s`,
    );
    assert.equal(fresh.idleConnections, 1);
    await fresh.close();
    assert.equal(fresh.idleConnections, 0);
  });

  it('fails with store_unreachable where no store listens, and has begun nothing', async () => {
    const other = await rawStore(() => {});
    await other.close();
    const nowhere = open(other.url);
    const seen: unknown[] = [];
    const ignore = () => {};
    const connected = ({ isReused, timing }: UsedConnection) => void seen.push([isReused, typeof timing?.tcp]);
    const observer = { connected, bodyBegun: ignore, requestSent: ignore, responseBegun: ignore };
    const sending = nowhere.send(request(fakePump(Buffer.alloc(10)), 10, { observer }));
    await assert.rejects(sending, { type: 'store_unreachable', reason: 'ECONNREFUSED' });
    assert.deepEqual(seen, [[false, 'number']]);
    assert.deepEqual(sent, [0]);
    await nowhere.close();
  });

  it('ends when the transport is closed, and its outcome is unknown', async () => {
    const fresh = open(store.url);
    store.behaviour = (incoming) => void incoming.resume();
    const settled: Promise<StoreResponse | Failure>[] = [];
    const half = fakePump(Buffer.alloc(MIB), 0, MIB / 2);
    settled.push(fresh.send(request(half, MIB)).catch((failure: Failure) => failure));
    await half.begun;
    await fresh.close();
    const [failure] = await Promise.all(settled);
    assert.deepEqual([(failure as Failure).type, (failure as Failure).outcome], ['shutting_down', 'unknown']);
  });

  it('refuses a header that HTTP does not permit, as an error of the gateway', async () => {
    const sending = transport.send(request(fakePump(Buffer.alloc(1)), 1, { headers: ['x-a', 'a\nb', 'host', 'g'] }));
    await assert.rejects(sending, { type: 'internal_error' });
  });
});
