/** The connections to one store: a bounded number, and a fair queue of calls that wait for one. */
import type { Wait } from '../body/transfer-clock.ts';
import type { CancelSignal } from '../domain/cancellation.ts';
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { FairLine } from '../kit/fair-line.ts';

/** Most calls that wait, and the longest wait in milliseconds. */
const WAITING = FIXED_LIMITS.store_line;
const WAITING_MILLIS = FIXED_LIMITS.store_line_seconds * 1000;

/** The right to one connection. */
export interface Place {
  /** Wait for it, in milliseconds. */
  readonly waitedMillis: number;
  /** Releases it. Safe to call twice. */
  leave(): void;
}

export interface PlaceRequest {
  readonly caller: string | undefined;
  readonly key: string;
  readonly signal: CancelSignal;
  /** Times the wait, if there is one. */
  readonly wait?: Wait;
}

export class StoreLine {
  readonly #line: FairLine;

  constructor(connections: number) {
    this.#line = new FairLine({
      places: connections,
      waiting: WAITING,
      millis: WAITING_MILLIS,
      refusal: () => new Failure('overloaded', BUSY, { reason: 'store_connections_busy' }),
    });
  }

  get used(): number {
    return this.#line.used;
  }

  get waiting(): number {
    return this.#line.waiting;
  }

  /** @throws Failure overloaded if the queue is full or the wait too long, client_aborted, shutting_down. */
  async enter({ caller, key, signal, wait }: PlaceRequest): Promise<Place> {
    const waiting = this.#line.enter(caller, key, signal);
    if (waiting !== undefined) wait?.start();
    const waitedMillis = await waiting?.catch(refused).finally(() => wait?.stop());
    let isHeld = true;
    return {
      waitedMillis: waitedMillis ?? 0,
      leave: () => {
        if (isHeld) this.#line.leave(caller);
        isHeld = false;
      },
    };
  }
}

const BUSY = 'All connections to the store are in use; retry soon.';

function refused(thrown: unknown): never {
  throw thrown instanceof Failure ? thrown : new Failure('client_aborted');
}
