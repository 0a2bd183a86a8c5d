/** A body that moves from one real connection to another, for tests of the pump. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Movement } from '../../../src/domain/body-pump.ts';
import type { Pump } from '../../../src/pump/pump.ts';
import type { PumpTask } from '../../../src/pump/pump-thread.ts';
import { type SocketPair, socketPair } from '../../support/socket-pair.ts';

export interface Moving {
  /** The client's own end. */
  readonly client: Socket;
  /** The store's own end. */
  readonly store: Socket;
  readonly movement: Movement;
  /** Everything that the store receives until its connection ends or `close`. */
  readonly received: Received;
  close(): void;
}

export interface Between {
  readonly from: SocketPair;
  readonly to: SocketPair;
}

export class Received {
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #changed = Promise.withResolvers<void>();
  /** `end` for an orderly close, the code of the error for a reset. */
  ended: string | undefined;

  constructor(store: Socket) {
    store.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#length += piece.length;
      this.#tell();
    });
    store
      .on('end', () => this.#end('end'))
      .on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? 'error'));
    store.on('close', () => this.#end('close'));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get length(): number {
    return this.#length;
  }

  /** Resolves when so many bytes have arrived, or the connection has ended. */
  async until(length: number): Promise<void> {
    while (this.#length < length && this.ended === undefined) await this.#changed.promise;
  }

  async end(): Promise<void> {
    while (this.ended === undefined) await this.#changed.promise;
  }

  #end(how: string): void {
    this.ended ??= how;
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

export async function connections(): Promise<Between> {
  const [from, to] = await Promise.all([socketPair(), socketPair()]);
  return { from, to };
}

const PATIENT = {
  pace: { idleMillis: 20_000, leastRate: 0 },
  stallMillis: 20_000,
  first: Buffer.alloc(0),
  plan: undefined,
};

/** @param reads whether the store reads from the start. */
export async function moving(
  pump: Pick<Pump, 'reserve'>,
  task: Partial<PumpTask> & { readonly left: number },
  { reads = true, between }: { reads?: boolean; between?: Between } = {},
): Promise<Moving> {
  const { from, to } = between ?? (await connections());
  const received = new Received(to.near);
  if (!reads) to.near.pause();
  const movement = pump.reserve(from.far)!.begin(to.far, { ...PATIENT, ...task });
  return {
    client: from.near,
    store: to.near,
    movement,
    received,
    close() {
      from.close();
      to.close();
    },
  };
}

/** Writes with backpressure. */
export async function send(client: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) {
    if (!client.write(bytes.subarray(at, at + 64 * 1024))) await once(client, 'drain');
  }
}
