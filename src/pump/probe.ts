/** Tries a pump with real transfers, before any upload uses it: what system, sandbox and version of Node.js really do. */
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { within } from '../kit/within.ts';
import type { Pump } from './pump.ts';
import type { PumpTask } from './pump-thread.ts';

/** Bytes: several pieces and wake-ups, and no round number. */
const LENGTH = 300_007;
const MILLIS = 5_000;

export type PumpMode = 'splice' | 'copy';

/** Why each mode is unavailable; undefined for a mode that works. */
export type ProbeResult = Readonly<Record<PumpMode, string | undefined>>;

/** Never rejects. */
export async function probePump(pump: Pump): Promise<ProbeResult> {
  const bytes = Buffer.allocUnsafe(LENGTH);
  for (let i = 0; i < LENGTH; i++) bytes[i] = (i * 7919) >> 3;
  const splice = await problemOf(() => move(pump, bytes, undefined));
  return { splice, copy: await problemOf(() => move(pump, bytes, planOf(bytes))) };
}

async function problemOf(run: () => Promise<void>): Promise<string | undefined> {
  let failure: string | undefined = 'the transfer did not end';
  const running = run().then(
    () => (failure = undefined),
    (error: Error) => (failure = error.message),
  );
  await within(2 * MILLIS, running);
  return failure;
}

/** Two bodies over the same connections. @throws Error with the result. */
async function move(pump: Pump, bytes: Buffer, plan: PumpTask['plan']): Promise<void> {
  // Its own port also in a worker of node:cluster, which otherwise shares it with the others.
  const server = createServer({ pauseOnConnect: true }).listen({ port: 0, host: '127.0.0.1', exclusive: true });
  const sockets: Socket[] = [];
  try {
    await once(server, 'listening');
    const [client, from] = await pair(server, sockets);
    const [to, store] = await pair(server, sockets);
    for (let i = 0; i < 2; i++) await moveOnce(pump, { client, from, to, store }, bytes, plan);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

type Connections = Readonly<Record<'client' | 'from' | 'to' | 'store', Socket>>;

async function moveOnce(pump: Pump, { client, from, to, store }: Connections, bytes: Buffer, plan: PumpTask['plan']) {
  const reservation = pump.reserve(from);
  if (reservation === undefined) throw new Error('no descriptor is free');
  const pace = { idleMillis: MILLIS, leastRate: 0 };
  const task = { first: Buffer.alloc(0), left: bytes.length, plan, pace, stallMillis: MILLIS };
  const movement = reservation.begin(to, task);
  client.write(bytes);
  const read = readAll(store, bytes.length);
  const { failure, spliced } = await movement.done;
  if (failure !== undefined) throw new Error(failure.detail ?? failure.message);
  if (spliced !== (plan === undefined)) throw new Error('the system does not splice connections');
  if (!(await read).equals(bytes)) throw new Error('other bytes arrived');
}

/** @returns the end that connects, and the end that the server has accepted, which is not read. */
async function pair(server: Server, sockets: Socket[]): Promise<[Socket, Socket]> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const connecting = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  sockets.push(connecting);
  const [other] = await accepted;
  sockets.push(other);
  for (const socket of [connecting, other]) socket.on('error', () => {});
  return [connecting, other];
}

async function readAll(socket: Socket, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let left = length;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onData = (piece: Buffer): void => {
    pieces.push(piece);
    left -= piece.length;
    if (left <= 0) resolve();
  };
  socket.on('data', onData).resume();
  await promise;
  socket.off('data', onData).pause();
  return Buffer.concat(pieces);
}

function planOf(bytes: Buffer): PumpTask['plan'] {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  const promises = [
    { header: 'x-amz-checksum-crc32', checksum: 'crc32', value: sum.toString('base64'), code: 'BadDigest' },
    { header: 'x-amz-checksum-sha256', checksum: 'sha256', value: hash('sha256', bytes, 'base64'), code: 'BadDigest' },
  ] as const;
  return {
    kind: 'object',
    length: bytes.length,
    most: bytes.length,
    trailer: undefined,
    sent: undefined,
    promises,
    isFramed: false,
  };
}
