/**
 * The clients of the benchmarks: PUTs over keep-alive connections, one after the other on each. Requests are prepared and signed
 * beforehand, a body is one writev of a repeated block, and only the status of a response is read. Clients need little CPU.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Upload, uploadsOf, type Wanted } from './body-kinds.ts';
import { respondToBucketRequests } from './helper-process.ts';
import { objectOf } from './object-bytes.ts';
import { headOf, KEYS, plainRequest } from './requests.ts';

/** What is sent to one port, in turn, instead of plain requests. */
export interface Requests {
  readonly port: number;
  readonly heads: readonly string[];
  /** Bytes of each object. */
  readonly size: number;
}

/** What is sent to one port from now on, instead of plain requests: objects of one size, in one of the forms of body-kinds.ts. */
export interface Uploads extends Wanted {
  /** Bytes of each object. */
  readonly size: number;
}

export interface Turn {
  readonly port: number;
  /** Bytes of each object. */
  readonly size: number;
  readonly connections: number;
  /** The turn is over after so many milliseconds or so many requests, whatever comes first. */
  readonly millis: number;
  readonly requests: number;
}

const HEAD_END = '\r\n\r\n';

/** Answers of success have no body, so the end of the head is the end. */
class Connection {
  readonly #socket: Socket;
  #received = '';
  #answered: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text) => {
      this.#received += text;
      if (this.#received.includes(HEAD_END)) this.#answered?.();
    });
    socket.on('close', () => this.#answered?.());
    socket.on('error', () => {});
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  get usable(): boolean {
    return !this.#socket.destroyed;
  }

  /** @throws Error if the answer is not 200, or does not come. */
  async put({ head, body }: Upload): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    this.#received = '';
    this.#socket.write(head);
    this.#socket.cork();
    for (const piece of body) this.#socket.write(piece);
    this.#socket.uncork();
    await answered;
    if (!this.#received.startsWith('HTTP/1.1 200 ')) throw new Error(`not 200 but: ${this.#received.slice(0, 500)}`);
  }
}

const connections = new Map<number, Connection[]>();
/** By the size of the object. */
const plainUploads = new Map<number, Upload[]>();
/** By port. */
const givenUploads = new Map<number, Upload[]>();
let nextKey = 0;

async function run(turn: Turn): Promise<number> {
  const end = performance.now() + turn.millis;
  const uploads = givenUploads.get(turn.port) ?? plain(turn.size);
  let started = 0;
  let done = 0;
  const work = async (connection: Connection): Promise<void> => {
    while (started < turn.requests && performance.now() < end) {
      started++;
      await connection.put(uploads[nextKey++ % uploads.length]!);
      done++;
    }
  };
  await Promise.all((await openConnections(turn)).map(work));
  return done;
}

/**
 * Requests at an even rate, whatever the answers do: one that finds no free connection waits, and that counts (no coordinated
 * omission). Each millisecond those begin that are due: a loop that waits more exactly would take the CPU from the store.
 */
export interface Pace {
  readonly port: number;
  readonly size: number;
  readonly connections: number;
  readonly millis: number;
  readonly perSecond: number;
}

/** Milliseconds that each request took, from the moment in which it would have begun. */
async function pace({ perSecond, ...turn }: Pace): Promise<number[]> {
  const uploads = givenUploads.get(turn.port) ?? plain(turn.size);
  const idle = await openConnections({ ...turn, requests: 0 });
  const latencies: number[] = [];
  const running: Promise<void>[] = [];
  const waiting: ((connection: Connection) => void)[] = [];
  const put = async (): Promise<void> => {
    const began = performance.now();
    const connection = idle.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    await connection.put(uploads[nextKey++ % uploads.length]!);
    latencies.push(performance.now() - began);
    const next = waiting.shift();
    if (next === undefined) idle.push(connection);
    else next(connection);
  };
  const start = performance.now();
  for (let begun = 0; performance.now() - start < turn.millis; await sleep(1)) {
    const due = ((performance.now() - start) / 1000) * perSecond;
    for (; begun < due; begun++) running.push(put());
  }
  await Promise.all(running);
  return latencies;
}

async function openConnections({ port, connections: count }: Turn): Promise<Connection[]> {
  const open = (connections.get(port) ?? []).filter((connection) => connection.usable);
  connections.set(port, open);
  while (open.length < count) open.push(await Connection.open(port));
  return open.slice(0, count);
}

function plain(size: number): Upload[] {
  let written = plainUploads.get(size);
  if (written === undefined) {
    const body = objectOf(size);
    written = Array.from({ length: KEYS }, (_, i) => ({ head: Buffer.from(headOf(plainRequest(i, size))), body }));
    plainUploads.set(size, written);
  }
  return written;
}

function send({ port, heads, size }: Requests): void {
  const body = objectOf(size);
  givenUploads.set(
    port,
    heads.map((head) => ({ head: Buffer.from(head), body })),
  );
}

async function prepare({ size, ...wanted }: Uploads): Promise<void> {
  givenUploads.set(wanted.port, await uploadsOf(objectOf(size), wanted));
}

respondToBucketRequests({ run, pace, send, prepare });
process.once('disconnect', () => process.exit());
