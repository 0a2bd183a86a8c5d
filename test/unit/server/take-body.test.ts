/** A body that is taken away from node:http, and its connection afterwards: over real sockets, read at their descriptors. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { TakenBody } from '../../../src/domain/body-pump.ts';
import { abortSignalOf } from '../../../src/domain/cancellation.ts';
import { asFailure, Failure } from '../../../src/domain/failure.ts';
import { NO_TRACER } from '../../../src/domain/span.ts';
import type { Incoming, Reply } from '../../../src/domain/stages.ts';
import type { FinishedRequest } from '../../../src/gateway/report.ts';
import { canSkipBodies } from '../../../src/kernel/http-parser.ts';
import { addressSet } from '../../../src/kit/address-set.ts';
import type { Certificates } from '../../../src/server/certificates.ts';
import { type Listener, type ListenerOptions, listen } from '../../../src/server/listener.ts';
import { ServerPhase } from '../../../src/server/server-phase.ts';
import { RawClient } from '../../support/http-client.ts';
import { readDescriptor } from '../../support/read-descriptor.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';

const KIB = 1024;
const LARGE = 3 * KIB * KIB;
const PATTERN = Buffer.from(Array.from({ length: LARGE }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
const OK: Reply = { status: 200, headers: {}, body: '' };

type Handle = (incoming: Incoming) => Promise<Reply>;

interface Server {
  readonly listener: Listener;
  readonly phase: ServerPhase;
  readonly url: string;
  readonly finished: FinishedRequest[];
}

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ listener }) => listener.close(0)));
});

async function serve(
  handle: Handle,
  edge: Partial<ListenerOptions['edge']> = {},
  headerMillis = 10_000,
): Promise<Server> {
  const finished: FinishedRequest[] = [];
  const phase = new ServerPhase();
  const listener = await listen({
    gateway: { route: () => ({ samplingHints: undefined, corsHeaders: {}, handle }) },
    report: {
      begin: (startedAt) => ({ startedAt }) as ReturnType<ListenerOptions['report']['begin']>,
      finish: (request) => void finished.push(request),
    },
    tracer: NO_TRACER,
    hostBucketOf: () => undefined,
    isOwnHost: () => true,
    idleMillis: 5_000,
    phase,
    probes: { startup: () => assert.fail(), ready: () => assert.fail() },
    limits: { headerMillis, headerBytes: 16 * KIB, connections: 100 },
    edge: { certificates: undefined, proxyProtocol: undefined, forwarded: undefined, refused() {}, ...edge },
    host: '127.0.0.1',
    port: 0,
  });
  const server = { listener, phase, url: `http://127.0.0.1:${listener.port}`, finished };
  open.push(server);
  return server;
}

const put = (length: number | string, more = ''): string =>
  `PUT /b/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${length}\r\n${more}\r\n`;

const statuses = (received: string): number[] =>
  [...received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, s]) => Number(s));

/** Takes the body and reads all of it. */
async function readTaken(taken: TakenBody): Promise<Buffer> {
  const rest = await readDescriptor(taken.connection, taken.left);
  taken.giveBack(rest.length);
  return Buffer.concat([taken.first, rest]);
}

/** Every request takes its body if it can, and reads it as a stream otherwise. */
function takingAll(least = 1): { handle: Handle; bodies: Buffer[]; ways: string[] } {
  const bodies: Buffer[] = [];
  const ways: string[] = [];
  const handle: Handle = async ({ body }) => {
    const taken = await body.take(least);
    ways.push(taken === undefined ? 'stream' : 'taken');
    bodies.push(taken === undefined ? Buffer.concat(await body.open().toArray()) : await readTaken(taken));
    return OK;
  };
  return { handle, bodies, ways };
}

async function connectionsEnd({ listener }: Server): Promise<void> {
  while (listener.connections > 0) await delay(5);
}

describe('the parser of node:http', () => {
  it('is the one that bodies can be skipped in', () => assert.ok(canSkipBodies()));
});

describe('a taken body', () => {
  it('has every byte, in one read with its headers or behind them, and its connection serves further requests', async () => {
    const { handle, bodies, ways } = takingAll();
    const client = await RawClient.connect((await serve(handle)).url);
    for (const [together, length] of [
      [0, LARGE],
      [1, LARGE],
      [40 * KIB, LARGE],
      [LARGE, LARGE],
      [0, 1],
      [100, 101],
    ] as const) {
      const bytes = PATTERN.subarray(0, length);
      client.write(Buffer.concat([Buffer.from(put(length)), bytes.subarray(0, together)]));
      await delay(20);
      client.write(bytes.subarray(together));
      await client.until(/HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
      client.received = '';
      assert.ok(bodies.at(-1)!.equals(bytes), `${together} of ${length}`);
    }
    assert.deepEqual(ways, ['taken', 'taken', 'taken', 'taken', 'taken', 'taken']);
    client.socket.destroy();
  });

  it('is followed by requests that were pipelined behind it', async () => {
    const { handle, bodies } = takingAll();
    const client = await RawClient.connect((await serve(handle)).url);
    const small = Buffer.from(`${put(5)}hello`);
    client.write(Buffer.concat([Buffer.from(put(LARGE)), PATTERN, small, Buffer.from(put(LARGE)), PATTERN, small]));
    await client.until(/(HTTP\/1\.1 200[\s\S]*){4}\r\n\r\n$/);
    assert.deepEqual(
      bodies.map((body) => body.length),
      [LARGE, 5, LARGE, 5],
    );
    assert.ok(bodies[0]!.equals(PATTERN) && bodies[2]!.equals(PATTERN));
    assert.equal(bodies[3]!.toString(), 'hello');
    client.socket.destroy();
  });

  it('starts with the first byte after 100 Continue', async () => {
    const { handle, bodies } = takingAll();
    const client = await RawClient.connect((await serve(handle)).url);
    client.write(put(LARGE, 'Expect: 100-continue\r\n'));
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    client.write(PATTERN);
    await client.until(/HTTP\/1\.1 200/);
    assert.ok(bodies[0]!.equals(PATTERN));
    client.socket.destroy();
  });

  it('begins with small pieces that were joined', async () => {
    const { promise: go, resolve: start } = Promise.withResolvers<void>();
    let first = 0;
    let body: Buffer = Buffer.alloc(0);
    const { url } = await serve(async (incoming) => {
      await go;
      const taken = await incoming.body.take(1);
      first = taken!.first.length;
      body = await readTaken(taken!);
      return OK;
    });
    const client = await RawClient.connect(url);
    client.socket.setNoDelay(true);
    client.write(put(LARGE));
    for (let i = 0; i < 50; i++) {
      client.write(PATTERN.subarray(i, i + 1));
      await delay(1);
    }
    await delay(20);
    start();
    await delay(20);
    client.write(PATTERN.subarray(50));
    await client.until(/HTTP\/1\.1 200/);
    assert.equal(first, 50);
    assert.ok(body.equals(PATTERN));
    client.socket.destroy();
  });

  it('holds back everything that arrives, also if the stream is resumed', async () => {
    let first = 0;
    const { url } = await serve(async ({ body }) => {
      body.open().read(0); // node:http resumes the connection for it, late
      const taken = (await body.take(1))!;
      first = taken.first.length;
      await delay(10);
      taken.connection.resume();
      await delay(50);
      assert.equal(taken.connection.bytesRead, readBefore(taken));
      assert.ok((await readTaken(taken)).equals(PATTERN));
      return OK;
    });
    const client = await RawClient.connect(url);
    client.write(put(LARGE));
    await delay(20);
    client.write(PATTERN);
    await client.until(/HTTP\/1\.1 200/);
    assert.equal(first, 0);
    client.socket.destroy();
  });

  it('may last longer than the timeouts of headers', async () => {
    const { handle } = takingAll();
    const server = await serve(handle, {}, 100);
    const client = await RawClient.connect(server.url);
    client.write(put(LARGE));
    await delay(500);
    client.write(PATTERN);
    await client.until(/HTTP\/1\.1 200/);
    client.socket.destroy();
  });

  for (const read of [0, 1000, 100 * KIB]) {
    it(`that ends with an early response after ${read} bytes is drained`, async () => {
      const { url } = await serve(async ({ body }) => {
        const taken = (await body.take(1))!;
        taken.giveBack((await readDescriptor(taken.connection, read)).length);
        throw new Failure('access_denied');
      });
      const client = await RawClient.connect(url);
      const length = 600 * KIB;
      client.write(put(length));
      await delay(20);
      client.write(PATTERN.subarray(0, length));
      await client.until(/HTTP\/1\.1 403[\s\S]*<\/Error>/);
      await once(client.socket, 'close');
      assert.match(client.received, /connection: close/i);
    });
  }

  for (const how of ['FIN', 'RST'] as const) {
    it(`whose client goes with ${how} in its middle has a request that the client aborted`, async () => {
      let why: unknown;
      const server = await serve(async ({ body, signal }) => {
        const taken = (await body.take(1))!;
        const read = (await readDescriptor(taken.connection, taken.left)).length;
        assert.ok(read < taken.left);
        taken.giveBack(read);
        if (!signal.aborted) await once(abortSignalOf(signal), 'abort');
        why = signal.reason;
        throw signal.reason;
      });
      const client = await RawClient.connect(server.url);
      client.write(put(LARGE));
      await delay(20);
      client.write(PATTERN.subarray(0, KIB * KIB));
      await delay(50);
      if (how === 'FIN') client.socket.end();
      else client.socket.resetAndDestroy();
      await connectionsEnd(server);
      while (server.finished.length === 0) await delay(5);
      assert.equal(asFailure(why).type, 'client_aborted');
      assert.equal(server.finished[0]!.failure?.type, 'client_aborted');
    });
  }

  it('is aborted by the end of a shutdown', async () => {
    let type: string | undefined;
    const { promise: taking, resolve: isTaken } = Promise.withResolvers<void>();
    const server = await serve(async ({ body, signal }) => {
      const taken = (await body.take(1))!;
      isTaken();
      await once(abortSignalOf(signal), 'abort');
      type = asFailure(signal.reason).type;
      taken.giveBack(0);
      throw signal.reason;
    });
    const client = await RawClient.connect(server.url);
    client.write(put(LARGE));
    await taking;
    await server.listener.close(50);
    assert.equal(type, 'shutting_down');
    assert.equal(server.finished[0]!.failure?.type, 'shutting_down');
  });

  it('can break while a pump reads it', async () => {
    const server = await serve(async ({ body }) => {
      const taken = (await body.take(1))!;
      (body as typeof body & { break(failure: Failure): void }).break(new Failure('bad_request'));
      taken.giveBack(0);
      assert.throws(() => body.open(), { type: 'bad_request' });
      throw new Failure('bad_request');
    });
    const client = await RawClient.connect(server.url);
    client.write(put(LARGE));
    await client.until(/HTTP\/1\.1 400/);
    client.socket.destroy();
  });
});

/** What node:http has read of the connection: the headers, and the bytes ahead of the take. */
const readBefore = ({ first }: TakenBody): number => put(LARGE).length + first.length;

describe('a body that a pump cannot read', () => {
  const ends = async (server: Server, bytes: (string | Buffer)[], status = 200): Promise<void> => {
    const client = await RawClient.connect(server.url);
    for (const piece of bytes) {
      client.write(piece);
      await delay(20);
    }
    await client.until(new RegExp(`HTTP/1\\.1 ${status}`));
    assert.deepEqual(statuses(client.received).at(-1), status);
    client.socket.destroy();
  };

  it('is one of which too few bytes are to come, and is read as a stream', async () => {
    const { handle, bodies, ways } = takingAll(LARGE);
    const server = await serve(handle);
    await ends(server, [put(LARGE - 1), PATTERN.subarray(1)]);
    await ends(server, [`${put(LARGE)}x`, PATTERN.subarray(1)]);
    await ends(server, [Buffer.concat([Buffer.from(put(5)), Buffer.from('hello')])]);
    assert.deepEqual(ways, ['stream', 'stream', 'stream']);
    assert.deepEqual(
      bodies.map((body) => body.length),
      [LARGE - 1, LARGE, 5],
    );
  });

  it('has chunks instead of a length, or no bytes', async () => {
    const { handle, bodies, ways } = takingAll();
    const server = await serve(handle);
    const chunked = 'PUT /b/k HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    await ends(server, [chunked]);
    await ends(server, [put(0)]);
    assert.deepEqual(ways, ['stream', 'stream']);
    assert.equal(bodies[0]!.toString(), 'hello');
  });

  it('comes over TLS', async () => {
    const { handle, bodies, ways } = takingAll();
    const material = { key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE };
    const certificates = { requiresClientCertificate: false, attach: () => material } as unknown as Certificates;
    const { listener } = await serve(handle, { certificates });
    const socket = connectTls({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(put(LARGE));
    socket.write(PATTERN);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 200/);
    assert.deepEqual(ways, ['stream']);
    assert.ok(bodies[0]!.equals(PATTERN));
    socket.destroy();
  });

  it('is on a connection whose stream still has bytes', async () => {
    const ways: string[] = [];
    const server = await serve(async ({ body }) => {
      const source = body.open() as ReturnType<typeof body.open> & { socket: NodeJS.ReadWriteStream };
      source.socket.pause();
      const unshift = (source.socket as unknown as { unshift(bytes: Buffer): void }).unshift.bind(source.socket);
      unshift(PATTERN.subarray(0, 10));
      ways.push((await body.take(1)) === undefined ? 'stream' : 'taken');
      throw new Failure('access_denied');
    });
    await ends(server, [put(LARGE)], 403);
    assert.deepEqual(ways, ['stream']);
  });

  it('is on a connection with an unknown parser', async () => {
    const ways: string[] = [];
    const server = await serve(async ({ body }) => {
      const { parser } = (body.open() as unknown as { socket: { parser: Record<number, unknown> } }).socket;
      const onBody = parser[3];
      parser[3] = () => {};
      ways.push((await body.take(1)) === undefined ? 'stream' : 'taken');
      parser[3] = onBody;
      throw new Failure('access_denied');
    });
    await ends(server, [put(LARGE)], 403);
    assert.deepEqual(ways, ['stream']);
  });

  it('is broken already, or its connection is destroyed', async () => {
    const ways: string[] = [];
    const server = await serve(async ({ body }) => {
      const request = body as typeof body & { break(failure: Failure): void };
      const source = body.open() as unknown as { socket: { destroy(): void } };
      source.socket.destroy();
      ways.push((await body.take(1)) === undefined ? 'stream' : 'taken');
      (source as unknown as NodeJS.EventEmitter).on('error', () => {});
      request.break(new Failure('bad_request'));
      ways.push((await body.take(1)) === undefined ? 'stream' : 'taken');
      throw new Failure('bad_request');
    });
    const client = await RawClient.connect(server.url);
    client.write(put(LARGE));
    await once(client.socket, 'close');
    assert.deepEqual(ways, ['stream', 'stream']);
  });
});

describe('a body behind a header of the PROXY protocol', () => {
  for (const together of [true, false]) {
    it(`is complete, ${together ? 'in one read with it' : 'after it'}`, async () => {
      const { handle, bodies } = takingAll();
      const { url } = await serve(handle, { proxyProtocol: addressSet(['127.0.0.1']) });
      const client = await RawClient.connect(url);
      client.write(`PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${together ? put(LARGE) : ''}`);
      if (!together) {
        await delay(20);
        client.write(put(LARGE));
      }
      client.write(PATTERN);
      await client.until(/HTTP\/1\.1 200/);
      assert.ok(bodies[0]!.equals(PATTERN));
      client.socket.destroy();
    });
  }
});
