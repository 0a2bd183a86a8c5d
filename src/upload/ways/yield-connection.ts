/**
 * A stream holds a connection to the store until its client has sent all. While other calls wait for a connection, uploads that are
 * too slow are ended: a few slow clients must not block the store for all. The limit is two windows, or one for a client that has
 * sent nothing yet.
 */

import { Failure } from '../../domain/failure.ts';
import type { Transfer } from '../../domain/stages.ts';

/** Milliseconds over which the rate is an average. */
const WINDOW_MILLIS = 1_000;

export interface Contended {
  readonly connections: { readonly waiting: number };
}

/** A body on its way to the store. */
export interface Yielding {
  /** Whether it waits for its client. */
  readonly isStarving: boolean;
  destroy(failure: Failure): void;
}

/**
 * Ends the body if it is too slow.
 * @param fairRate bytes a second that a client sends at least while others wait.
 * @returns ends the watch.
 */
export function yieldWhileSlow(body: Yielding, transfer: Transfer, store: Contended, fairRate: number): () => void {
  let bytes = transfer.bytes;
  let cameBefore = 0;
  let wasStarving = false;
  const look = (): void => {
    const isStarving = body.isStarving && store.connections.waiting > 0;
    const came = transfer.bytes - bytes;
    bytes = transfer.bytes;
    const isSlow = (came + cameBefore) * 1000 < 2 * fairRate * WINDOW_MILLIS;
    if (isStarving && isSlow && (wasStarving || bytes === 0)) {
      body.destroy(new Failure('overloaded', TOO_SLOW, { reason: 'slower_than_fair_rate' }));
    }
    cameBefore = came;
    wasStarving = isStarving;
  };
  const timer = setInterval(look, WINDOW_MILLIS);
  return () => clearInterval(timer);
}

const TOO_SLOW =
  'Other uploads are waiting for a connection to the store, and this one arrives too slowly. Retry later.';
