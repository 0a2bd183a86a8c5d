/** A pump that writes to the connection of the store like any other writer, with backpressure. */
import type { Socket } from 'node:net';
import type { Moved, MovedBody, MovedFigures, Movement } from '../../src/domain/body-pump.ts';
import { Failure } from '../../src/domain/failure.ts';
import { errorCode } from '../../src/kit/connection-error.ts';

const PIECE = 64 * 1024;

export interface FakePump {
  readonly body: MovedBody;
  /** The movement, as soon as it has begun. */
  readonly begun: Promise<Movement>;
  /** Bytes that waited in the queue of the connection when it began. */
  queued: number | undefined;
}

/** @param first bytes that the owner of the connection sends ahead. @param most bytes after which it waits for its end. */
export function fakePump(bytes: Buffer, first = 0, most = bytes.length): FakePump {
  const { promise: begun, resolve } = Promise.withResolvers<Movement>();
  const pump: FakePump = {
    begun,
    queued: undefined,
    body: {
      first: bytes.subarray(0, first),
      begin(store, stallMillis) {
        pump.queued = store.writableLength;
        const movement = new FakeMovement(store, bytes.subarray(first), most - first, stallMillis);
        resolve(movement);
        return movement;
      },
    },
  };
  return pump;
}

class FakeMovement implements Movement {
  readonly figures: MovedFigures = {
    bytes: 0,
    firstByteAt: performance.now(),
    lastByteAt: undefined,
    clientWaitSeconds: 0,
    storeWaitSeconds: 0,
    waitsFor: undefined,
    waitsSince: 0,
  };
  readonly #ended = Promise.withResolvers<Moved>();
  readonly #stall: NodeJS.Timeout;
  #sent = 0;
  #lastSentAt = 0;
  #isOver = false;

  constructor(store: Socket, bytes: Buffer, most: number, stallMillis: number) {
    const stalled = (): void => this.abort(new Failure('store_timeout', undefined, { reason: 'takes_nothing' }));
    this.#stall = setTimeout(stalled, stallMillis);
    const write = (): void => {
      if (this.#sent === bytes.length) this.#end(undefined);
      if (this.#sent >= Math.min(most, bytes.length)) return;
      const piece = bytes.subarray(this.#sent, this.#sent + PIECE);
      this.#lastSentAt = performance.now();
      store.write(piece, (error) => {
        if (error) this.abort(new Failure('store_reset', undefined, { reason: errorCode(error) }));
        if (error) return;
        this.#sent += piece.length;
        this.#stall.refresh();
        if (!this.#isOver) write();
      });
    };
    write();
  }

  get done(): Promise<Moved> {
    return this.#ended.promise;
  }

  abort(failure: Failure): void {
    this.#end(failure);
  }

  #end(failure: Failure | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#stall);
    // The report of another thread comes later.
    setTimeout(
      () =>
        this.#ended.resolve({
          failure,
          read: this.#sent,
          sent: this.#sent,
          lastSentAt: this.#lastSentAt,
          waitedFor: undefined,
          spliced: false,
        }),
      5,
    );
  }
}
