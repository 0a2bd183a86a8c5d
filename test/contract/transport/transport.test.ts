/** The contract of a StoreTransport: what holds for each transport, each body, with TLS and without. Against a store that misbehaves on command. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { CountedStream, OutgoingBody } from '../../../src/body/outgoing-body.ts';
import { Failure } from '../../../src/domain/failure.ts';
import type { UsedConnection } from '../../../src/kit/used-connection.ts';
import { NetworkTransport } from '../../../src/s3/network-transport.ts';
import type { StoreTransport, TransportRequest } from '../../../src/s3/store-transport.ts';
import { fakePump } from '../../support/fake-pump.ts';
import { answering, answerWell, type Behaviour, RawStore } from '../../support/raw-store.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';

const MIB = 1024 * 1024;
const TLS = { key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE };
/** Codes of Node.js for a connection that the other end resets, while it is read or written. */
const RESET = /^(ECONNRESET|EPIPE)$/;

type Open = (origin: string) => StoreTransport;

const network = (origin: string, ca?: string): StoreTransport =>
  NetworkTransport.open({ origin, connections: 1, connectTimeoutMillis: 2_000, ca });

const TRANSPORTS: readonly { name: string; tls?: typeof TLS; open: Open }[] = [
  { name: 'over HTTP', open: (origin) => network(origin) },
  { name: 'over TLS', tls: TLS, open: (origin) => network(origin, SELF_SIGNED_CERTIFICATE) },
];

/** Counts what its reader has read. */
function counted(bytes: Buffer): CountedStream {
  let at = 0;
  const stream = new Readable({
    read() {
      this.push(at < bytes.length ? bytes.subarray(at, (at += 64 * 1024)) : null);
    },
  }) as Readable & { readBytes: number };
  Object.defineProperty(stream, 'readBytes', { get: () => Math.min(at, bytes.length) - stream.readableLength });
  return stream;
}

interface Body {
  readonly name: string;
  readonly of: (bytes: Buffer) => OutgoingBody;
}

const moved = (bytes: Buffer, first: number): OutgoingBody => ({
  moved: fakePump(bytes, first).body,
  length: bytes.length,
});

/** Only for a transport that can move. */
const MOVED: readonly Body[] = [
  { name: 'a moved body', of: (bytes) => moved(bytes, 0) },
  {
    name: 'a moved body whose first bytes were read before',
    of: (bytes) => moved(bytes, Math.min(100_000, bytes.length / 2)),
  },
];

const BODIES: readonly Body[] = [
  { name: 'a buffer', of: (bytes) => bytes },
  { name: 'a stream', of: (bytes) => ({ stream: counted(bytes), length: bytes.length }) },
  {
    name: 'pieces',
    of: (bytes) => ({
      pieces: Array.from({ length: 4 }, (_, i) => bytes.subarray((i * bytes.length) / 4, ((i + 1) * bytes.length) / 4)),
      length: bytes.length,
    }),
  },
];

const ignoring: Behaviour = () => {};
/** Reads some of the body, then closes the connection: the unread bytes make it a reset. */
const resetting: Behaviour = (request) =>
  void request.once('data', () => setTimeout(() => request.socket.destroy(), 20));

for (const { name, tls, open } of TRANSPORTS) {
  describe(`the transport ${name}`, () => {
    const bodies = tls === undefined ? [...BODIES, ...MOVED] : BODIES;
    let store: RawStore;
    let transport: StoreTransport;
    let sent: number[] = [];

    before(async () => {
      store = await RawStore.start(tls);
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

    const request = (body: OutgoingBody, more: Partial<TransportRequest> = {}): TransportRequest => ({
      method: 'PUT',
      path: '/my-bucket/key?x=1',
      headers: [
        'host',
        new URL(store.url).host,
        ...(body === undefined ? [] : ['content-length', String(body.length)]),
      ],
      body,
      sent: (bytes) => void sent.push(bytes),
      signal: new AbortController().signal,
      stallTimeoutMillis: 2_000,
      responseTimeoutMillis: 2_000,
      ...more,
    });
    const fails = (sending: Promise<unknown>, type: string, reason?: string | RegExp): Promise<void> =>
      assert.rejects(sending, (failure: unknown) => {
        assert.ok(failure instanceof Failure, String(failure));
        if (reason instanceof RegExp) assert.match(String(failure.reason), reason);
        else assert.equal(failure.reason, reason);
        assert.equal(failure.type, type);
        return true;
      });

    it('can move bodies over plain HTTP only', () => assert.equal(transport.canMove, tls === undefined));

    for (const body of bodies) {
      it(`sends ${body.name} as it is, counts its bytes once, and returns the response`, async () => {
        const bytes = Buffer.alloc(MIB, 'abc');
        const response = await transport.send(request(body.of(bytes)));
        assert.equal(response.status, 200);
        assert.equal(response.headers['x-amz-request-id'], 'STORE0001');
        assert.equal(response.body, '');
        assert.deepEqual(sent, [bytes.length]);
        const [received] = store.requests;
        assert.deepEqual([received?.method, received?.target], ['PUT', '/my-bucket/key?x=1']);
        assert.ok(received?.body.equals(bytes));
      });

      it(`fails with store_reset if the store resets the connection in ${body.name}`, async () => {
        store.behaviour = resetting;
        await fails(transport.send(request(body.of(Buffer.alloc(32 * MIB)))), 'store_reset', RESET);
        assert.equal(sent.length, 1);
      });

      it(`fails with store_timeout if the store does not respond to ${body.name}`, async () => {
        store.behaviour = (incoming) => void incoming.resume();
        const sending = transport.send(request(body.of(Buffer.alloc(MIB)), { responseTimeoutMillis: 200 }));
        await fails(sending, 'store_timeout', 'no_answer');
      });

      it(`sends no whole ${body.name} once it is aborted`, async () => {
        const client = new AbortController();
        store.behaviour = (incoming) => void client.signal.addEventListener('abort', () => incoming.resume());
        const arrived = store.next();
        const sending = transport.send(request(body.of(Buffer.alloc(32 * MIB)), { signal: client.signal }));
        const received = await arrived;
        client.abort();
        await fails(sending, 'client_aborted');
        await received.over;
        assert.equal(received.complete, false);
      });
    }

    for (const body of bodies.slice(1)) {
      it(`fails with store_timeout if the store stops reading ${body.name}`, async () => {
        store.behaviour = ignoring;
        const sending = transport.send(request(body.of(Buffer.alloc(32 * MIB)), { stallTimeoutMillis: 200 }));
        await fails(sending, 'store_timeout', 'takes_nothing');
      });
    }

    it('does not accept success before all pieces are sent', async () => {
      store.behaviour = (_, response) => void response.writeHead(200, { 'content-length': 0 }).end();
      const pieces = Array.from({ length: 32 }, () => Buffer.alloc(MIB));
      await fails(transport.send(request({ pieces, length: 32 * MIB })), 'store_invalid_answer');
    });

    it('returns an error that the store sends before it has read the body', async () => {
      store.behaviour = (_, response) => void response.writeHead(403, { connection: 'close' }).end('<Error/>');
      const response = await transport.send(request(BODIES[1]!.of(Buffer.alloc(MIB))));
      assert.deepEqual([response.status, response.body], [403, '<Error/>']);
    });

    it('sends nothing if it is aborted before it has a connection', async () => {
      const client = new AbortController();
      client.abort(new Failure('shutting_down'));
      const sending = transport.send(request(Buffer.from('hello'), { signal: client.signal }));
      await fails(sending, 'shutting_down').catch(() => {});
      await transport.send(request(Buffer.from('later')));
      assert.ok(store.requests.every(({ body, complete }) => !complete || body.toString() === 'later'));
    });

    it('waits for the outcome of pieces that were sent completely, if the request settles', async () => {
      const client = new AbortController();
      store.behaviour = async (incoming, response, record) => {
        client.abort();
        await delay(100);
        return answerWell(incoming, response, record);
      };
      const pieces = { pieces: [Buffer.from('hello')], length: 5 };
      const response = await transport.send(request(pieces, { signal: client.signal, settleMillis: 2_000 }));
      assert.equal(response.status, 200);
    });

    for (const body of bodies.slice(1)) {
      it(`uses a connection again after ${body.name}, and after informational responses`, async () => {
        const ports = new Set<number | undefined>();
        store.behaviour = (incoming, response, record) => {
          ports.add(incoming.socket.remotePort);
          response.writeEarlyHints({ link: '</a>; rel=preload' });
          return answerWell(incoming, response, record);
        };
        for (let i = 0; i < 3; i++) {
          const bytes = Buffer.alloc(MIB, `${i}abc`);
          assert.equal((await transport.send(request(body.of(bytes)))).status, 200);
          assert.ok(store.requests.at(-1)!.body.equals(bytes));
        }
        assert.equal(ports.size, 1);
        await delay(20); // undici counts it as idle later
        assert.ok(transport.idleConnections! >= 1 && transport.idleConnections! <= 2);
      });
    }

    it('uses a connection again', async () => {
      const ports = new Set<number | undefined>();
      store.behaviour = (incoming, response, record) => {
        ports.add(incoming.socket.remotePort);
        return answerWell(incoming, response, record);
      };
      for (let i = 0; i < 5; i++) await transport.send(request(Buffer.from('hello')));
      assert.equal(ports.size, 1);
    });

    it('decodes a response that is compressed', async () => {
      store.behaviour = (incoming, response) => {
        incoming.resume();
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('<Result/>'));
      };
      assert.equal((await transport.send(request(undefined))).body, '<Result/>');
    });

    it('reports white space ahead of a document', async () => {
      store.behaviour = async (incoming, response) => {
        incoming.resume();
        response.writeHead(200, { 'x-amz-id-2': 'early' });
        for (let i = 0; i < 3; i++) {
          response.write(' ');
          await delay(50);
        }
        response.end('<Result/>');
      };
      const seen: (string | undefined)[] = [];
      const onWhiteSpace = (headers: Readonly<Record<string, string>>): void => void seen.push(headers['x-amz-id-2']);
      const response = await transport.send(request(Buffer.from('<Parts/>'), { onWhiteSpace }));
      assert.equal(response.body, '<Result/>');
      assert.ok(seen.length > 0 && seen.every((id) => id === 'early'), String(seen));
    });

    it('refuses a response that is too large', async () => {
      store.behaviour = answering(200, 'x'.repeat(32 * MIB));
      await fails(transport.send(request(undefined)), 'store_invalid_answer');
    });

    it('tells the peer of a connection, and whether it is new', async () => {
      store.behaviour = answerWell;
      const fresh = open(store.url);
      const seen: unknown[] = [];
      const connected = ({ address, port, isReused }: UsedConnection) => void seen.push([address, port, isReused]);
      const ignore = () => {};
      const observer = { connected, bodyBegun: ignore, requestSent: ignore, responseBegun: ignore };
      await fresh.send(request(Buffer.from('hello'))); // not measured
      for (let i = 0; i < 2; i++) await fresh.send(request(Buffer.from('hello'), { observer }));
      const other = open(store.url);
      await other.send(request(Buffer.from('hello'), { observer }));
      const port = Number(new URL(store.url).port);
      assert.deepEqual(seen, [
        ['127.0.0.1', port, true],
        ['127.0.0.1', port, true],
        ['127.0.0.1', port, false],
      ]);
      await fetch(store.url, { method: 'PUT' }).catch(() => {}); // another user of undici in this process
      await fresh.send(request(Buffer.from('hello')));
      assert.equal(seen.length, 3);
      await Promise.all([fresh.close(), other.close()]);
    });

    for (const { name: what, of } of [...bodies, { name: 'no body', of: () => undefined }]) {
      it(`tells the moments of an exchange with ${what}, each once`, async () => {
        store.behaviour = answerWell;
        const body = of(Buffer.alloc(MIB));
        const seen: string[] = [];
        const moment = (name: string) => () => void seen.push(name);
        await transport.send(
          request(body, {
            observer: {
              connected: moment('connection'),
              bodyBegun: moment('first byte'),
              requestSent: moment('last byte'),
              responseBegun: moment('response'),
            },
          }),
        );
        assert.deepEqual(seen, ['connection', ...(body ? ['first byte'] : []), 'last byte', 'response']);
      });
    }

    it('fails with store_unreachable where no store listens', async () => {
      const gone = await RawStore.start(tls);
      const nowhere = open(gone.url);
      await gone.close();
      await fails(nowhere.send(request(Buffer.from('hello'))), 'store_unreachable', 'ECONNREFUSED');
      await nowhere.close();
    });
  });
}

describe('the transport over TLS', () => {
  it('fails with store_unreachable, and sends nothing, if it does not trust the certificate', async () => {
    const store = await RawStore.start(TLS);
    const transport = network(store.url);
    const headers = ['host', 'store', 'content-length', '5'];
    const { signal } = new AbortController();
    const timeouts = { stallTimeoutMillis: 2_000, responseTimeoutMillis: 2_000 };
    const body = Buffer.from('hello');
    const sending = transport.send({ method: 'PUT', path: '/k', headers, body, sent() {}, signal, ...timeouts });
    await assert.rejects(sending, { type: 'store_unreachable', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    assert.equal(store.requests.length, 0);
    await transport.close();
    await store.close();
  });
});
