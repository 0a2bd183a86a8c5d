/** Clients that send the next request before they have the response to the last one, and clients that end their side early. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { RawClient } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const put = (key: string, body = 'hello'): string =>
  `PUT /uploads/${key} HTTP/1.1\r\nHost: g\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (key: string): string =>
  `PUT /uploads/${key} HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel\r\n\r\n0\r\n\r\n`.replace(
    'hel\r\n\r\n',
    'a\r\n\r\n\r\n',
  );
const upgrade = (framing: string, body: string): string =>
  `PUT /uploads/u HTTP/1.1\r\nHost: g\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n${framing}\r\n\r\n${body}`;
const HEALTH = 'GET /health HTTP/1.1\r\nHost: g\r\n\r\n';

/** Counts the requests that node:http makes objects of, on this port. */
async function countBegun(port: number, during: () => Promise<void>): Promise<number> {
  let begun = 0;
  const count = (message: unknown): void => {
    const { server } = message as { server: Server };
    if ((server.address() as AddressInfo | null)?.port === port) begun++;
  };
  subscribe('http.server.request.start', count);
  await during().finally(() => unsubscribe('http.server.request.start', count));
  return begun;
}

/** Everything that comes until the other side closes; this side stays open to read. */
async function readAll(socket: Socket): Promise<string> {
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes;
  });
  await once(socket, 'end');
  return received;
}

const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

for (const scheme of ['http', 'https'] as const) {
  describe(`requests of one connection (${scheme})`, () => {
    let store: RawStore;
    let gateway: TestGateway;
    let directory: string;
    beforeEach(async () => {
      store = await RawStore.start();
      directory = mkdtempSync(join(tmpdir(), 'mizuchi-'));
      writeFileSync(join(directory, 'cert.pem'), SELF_SIGNED_CERTIFICATE);
      writeFileSync(join(directory, 'key.pem'), SELF_SIGNED_KEY);
      const tls = scheme === 'https' ? { tls: { cert_file: 'cert.pem', key_file: 'key.pem' } } : {};
      gateway = await startGateway({ storeUrl: store.url, directory, server: tls });
    });
    afterEach(async () => {
      await gateway.close();
      await store.close();
      rmSync(directory, { recursive: true });
    });

    /** A connection that can read after it has ended. */
    async function open(): Promise<Socket> {
      const { port } = gateway.app;
      const options = { host: '127.0.0.1', port, allowHalfOpen: true };
      const socket = scheme === 'http' ? connect(options) : connectTls({ ...options, rejectUnauthorized: false });
      await once(socket, scheme === 'http' ? 'connect' : 'secureConnect');
      socket.on('error', () => {});
      return socket;
    }

    it('are served one at a time, in order', async () => {
      let underWay = 0;
      let most = 0;
      store.behaviour = async (request, response, record) => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setImmediate(resolve));
        await answerWell(request, response, record);
        underWay--;
      };
      const socket = await open();
      const requests = [put('a'), HEALTH, chunked('b'), put('c', ''), put('d', 'x'.repeat(200_000)), HEALTH, put('e')];
      const answered = readAll(socket);
      socket.end(requests.join(''));
      const received = await answered;
      assert.deepEqual(statuses(received), [200, 200, 200, 200, 200, 200, 200]);
      assert.deepEqual(received.match(/"status":"ok"|etag: /g), [
        'etag: ',
        '"status":"ok"',
        'etag: ',
        'etag: ',
        'etag: ',
        '"status":"ok"',
        'etag: ',
      ]);
      assert.deepEqual(
        store.requests.map(({ target, body }) => [target.split('/').at(-1), body.length]),
        [
          ['a', 5],
          ['b', 5],
          ['c', 0],
          ['d', 200_000],
          ['e', 5],
        ],
      );
      assert.equal(most, 1);
    });

    it('are served whatever pieces they come in', async () => {
      const bytes = Buffer.from([put('a'), chunked('b'), put('c', ''), HEALTH, put('d')].join(''));
      for (const size of [1, 2, 3, 7, 50]) {
        const socket = await open();
        const answered = readAll(socket);
        for (let at = 0; at < bytes.length; at += size) {
          socket.write(bytes.subarray(at, at + size));
          if (at % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        socket.end();
        assert.deepEqual(statuses(await answered), [200, 200, 200, 200, 200], `pieces of ${size}`);
      }
    });

    it('cost one request and the one that waits, however many there are', async () => {
      const { promise: gate, resolve: go } = Promise.withResolvers<void>();
      store.behaviour = async (request, response, record) => {
        await gate;
        await answerWell(request, response, record);
      };
      const socket = await open();
      const answered = readAll(socket);
      const begun = await countBegun(gateway.app.port, async () => {
        const first = store.next();
        socket.write(put('first'));
        await first;
        // As many as fit into the reads of a socket; they count as soon as others, sent later, have been served.
        socket.end('GET / HTTP/1.1\r\n\r\n'.repeat(3_600));
        const other = await open();
        for (let i = 0; i < 20; i++) {
          other.write(HEALTH);
          await once(other, 'data');
        }
        other.destroy();
      });
      assert.ok(begun <= 2 + 20, `${begun} requests were begun`);
      go();
      assert.equal(statuses(await answered)[0], 200);
    });

    it('get their response after the client half-closes', async () => {
      const socket = await open();
      const answered = readAll(socket);
      const arrived = store.next();
      const { promise: gate, resolve: go } = Promise.withResolvers<void>();
      store.behaviour = async (request, response, record) => {
        await gate;
        await answerWell(request, response, record);
      };
      socket.end(put('k'));
      await arrived;
      await new Promise((resolve) => setImmediate(resolve));
      go();
      assert.deepEqual(statuses(await answered), [200]);
      assert.equal(store.requests[0]?.body.toString(), 'hello');
    });

    it('are aborted when the client ends its side before they are whole', async () => {
      const socket = await open();
      const answered = readAll(socket).catch(() => '');
      socket.end(put('k', 'x'.repeat(100_000)).slice(0, -1));
      await answered;
      while (gateway.log.every(({ message }) => message !== 'request')) await new Promise((r) => setTimeout(r, 5));
      assert.equal(gateway.log.find(({ message }) => message === 'request')?.error_type, 'client_aborted');
      assert.ok(store.requests.every(({ complete }) => !complete));
    });

    it('get their responses before the refusal of a later request', async () => {
      const behind = ['\0\0\0\r\n\r\n', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'GET / HTTP/1.1\r\nHos'];
      for (const rest of behind) {
        const socket = await open();
        const answered = readAll(socket);
        socket.end(put('k') + rest);
        const [first, second, ...more] = statuses(await answered);
        assert.equal(first, 200, JSON.stringify(rest));
        assert.ok(second !== undefined && second >= 400 && second < 500, JSON.stringify(rest));
        assert.deepEqual(more, []);
      }
    });

    it('are not read behind a request with Upgrade, which is the last one', async () => {
      const smuggled = put('smuggled', 'evil');
      const bodies: [string, string][] = [
        [upgrade('Content-Length: 5', 'hello'), 'hello'],
        [upgrade('Content-Length: 0', ''), ''],
        [upgrade('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'), 'hello'],
        [upgrade('Content-Length: 200000', 'x'.repeat(200_000)), 'x'.repeat(200_000)],
      ];
      for (const [request, body] of bodies) {
        for (const together of [true, false]) {
          store.requests.length = 0;
          const { promise: gate, resolve: go } = Promise.withResolvers<void>();
          store.behaviour = async (incoming, response, record) => {
            await gate;
            await answerWell(incoming, response, record);
          };
          const arrived = store.next();
          const socket = await open();
          const answered = readAll(socket);
          socket.write(request + (together ? put('b') : `PUT /uploads/b HTTP/1.1\r\nHost: g\r\n`));
          await arrived;
          if (!together) socket.write(`Content-Length: ${smuggled.length}\r\n\r\n`);
          await new Promise((resolve) => setImmediate(resolve));
          socket.write(smuggled);
          go();
          const received = await answered;
          assert.deepEqual(statuses(received), [200]);
          assert.match(received, /^connection: close\r$/im);
          assert.deepEqual(
            store.requests.map(({ target, body: bytes }) => [target.split('/').at(-1), bytes.toString()]),
            [['u', body]],
          );
        }
      }
    });

    it('with Upgrade are refused behind another, after its response', async () => {
      const requests = [
        upgrade('Content-Length: 5', 'hello'),
        upgrade('Content-Length: 0', ''),
        upgrade('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'),
        `GET /health HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      ];
      for (const request of requests) {
        for (const before of [put('a'), put('a') + put('b')]) {
          const lines = gateway.log.length;
          const socket = await open();
          const answered = readAll(socket);
          socket.write(before + request + put('smuggled', 'evil'));
          const received = await answered;
          socket.end();
          const wanted = before.match(/PUT/g)!.map(() => 200);
          assert.deepEqual(statuses(received), [...wanted, 400]);
          assert.match(received, /Upgrade was pipelined/);
          const types = gateway.log.slice(lines).map(({ error_type: type }) => type);
          assert.deepEqual(types.sort(), ['bad_request', ...wanted.map(() => undefined)]);
        }
      }
      assert.ok(store.requests.every(({ target }) => /[ab]$/.test(target)));
    });

    it('are not begun behind a response that closes the connection', async () => {
      const socket = await open();
      const answered = readAll(socket);
      socket.write(put('%ff') + put('b') + put('c'));
      assert.deepEqual(statuses(await answered), [400]);
      while (await openConnections(gateway)) await new Promise((resolve) => setTimeout(resolve, 5));
      const lines = gateway.log.filter(({ message }) => message === 'request');
      assert.deepEqual(
        lines.map(({ error_type: type }) => type),
        ['invalid_uri'],
      );
      assert.deepEqual(store.requests, []);
    });

    it('are served behind one that expects 100 Continue without a body', async () => {
      const asks = (request: string): string => request.replace('Host: g', 'Host: g\r\nExpect: 100-continue');
      const socket = await open();
      const answered = readAll(socket);
      const missing = put('missing', '').replace('/uploads/', '/nobody/');
      socket.end([put('a', ''), HEALTH, missing].map(asks).join('') + put('b'));
      const final = statuses(await answered).filter((status) => status !== 100);
      assert.deepEqual(final, [200, 200, 404, 200]);
    });

    it('are not started after the client disconnects', async () => {
      const { promise: gate, resolve: go } = Promise.withResolvers<void>();
      store.behaviour = async (request, response, record) => {
        await gate;
        await answerWell(request, response, record);
      };
      const arrived = store.next();
      const socket = await open();
      socket.write(put('k').repeat(50));
      await arrived;
      if (scheme === 'http') socket.resetAndDestroy();
      else socket.destroy();
      go();
      while (gateway.app !== undefined && (await openConnections(gateway)) > 0)
        await new Promise((r) => setTimeout(r, 5));
      assert.ok(store.requests.length <= 3, `${store.requests.length} were begun`);
    });
  });
}

async function openConnections({ app }: TestGateway): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${app.metricsPort}/metrics`);
  return Number(/^mizuchi_connections (\d+)/m.exec(await response.text())?.[1]);
}

describe('a client that pipelines', () => {
  it('is notified of a draining gateway in turn', async () => {
    const store = await RawStore.start();
    const gateway = await startGateway({ storeUrl: store.url });
    const { promise: gate, resolve: go } = Promise.withResolvers<void>();
    store.behaviour = async (request, response, record) => {
      await gate;
      await answerWell(request, response, record);
    };
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write(put('a') + put('b'));
    await arrived;
    const closed = gateway.close();
    go();
    assert.equal(statuses(await client.closed())[0], 200);
    await closed;
    assert.equal(store.requests.length, 1);
    const lines = gateway.log.filter(({ message }) => message === 'request');
    assert.equal(lines.length, 1, 'what is never served has no line');
    await store.close();
  });
});
