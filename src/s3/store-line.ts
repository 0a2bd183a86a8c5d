/** The connections to one store: a bounded number, and a fair line of calls that wait for one. */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { FairLine } from '../kit/fair-line.ts';

/** Calls that wait, and milliseconds that one waits at most. */
const WAITING = FIXED_LIMITS.store_line;
const WAITING_MILLIS = FIXED_LIMITS.store_line_seconds * 1000;

/** The right to one connection. */
export interface Place {
  /** How long it was waited for, in milliseconds. */
  readonly waitedMillis: number;
  /** Gives it back. Safe twice. */
  leave(): void;
}

export interface PlaceRequest {
  readonly caller: string | undefined;
  readonly key: string;
  readonly signal: AbortSignal;
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

  /** @throws Failure overloaded if the line is full or was too slow, client_aborted, shutting_down. */
  async enter({ caller, key, signal }: PlaceRequest): Promise<Place> {
    const waiting = this.#line.enter(caller, key, signal);
    const waitedMillis = waiting === undefined ? 0 : await waiting.catch((thrown) => refused(thrown));
    let isHeld = true;
    return {
      waitedMillis,
      leave: () => {
        if (isHeld) this.#line.leave(caller);
        isHeld = false;
      },
    };
  }
}

const BUSY = 'All connections to the store are in use; try again soon.';

function refused(thrown: unknown): never {
  throw thrown instanceof Failure ? thrown : new Failure('client_aborted');
}
