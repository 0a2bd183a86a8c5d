/** Reading the beginning of a body: piece by piece, until somebody has had enough. */
import type { Readable } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import { LeastRate } from '../domain/least-rate.ts';
import type { Pace } from '../domain/pace.ts';

export interface Patience {
  readonly pace: Pace;
  /** When all must have come, as `performance.now()`. */
  readonly until: number;
  /** Ends the reading with its reason. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Resolves when `take` returns true, with the source paused where it stands, or at the end of the source.
 * @throws Failure of `take`; the reason of `stop`; client_stalled, client_aborted; what the source failed with, if that was a Failure.
 */
export function readPieces(
  source: Readable,
  { pace, until, stop }: Patience,
  take: (bytes: Buffer) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const idle = setTimeout(() => settle(new Failure('client_stalled')), pace.idleMillis);
    const rate = new LeastRate(pace);
    let waitingSince = performance.now();
    const late = setTimeout(() => settle(new Failure('client_stalled', TOO_SLOW)), until - performance.now());
    const settle = (failure?: unknown): void => {
      clearTimeout(idle);
      clearTimeout(late);
      stop?.removeEventListener('abort', onStop);
      source.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      source.on('error', ignore); // a connection that breaks later must not bring the process down
      source.pause();
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const onData = (bytes: Buffer): void => {
      idle.refresh();
      const now = performance.now();
      rate.waited(now - waitingSince);
      waitingSince = now;
      try {
        rate.came(bytes.length);
        if (take(bytes)) settle();
      } catch (thrown) {
        settle(thrown);
      }
    };
    const onStop = (): void => settle(stop?.reason);
    const onEnd = (): void => settle();
    const onGone = (error?: Error): void => settle(goneOf(error));
    if (source.destroyed) return onGone(); // before anybody listened
    if (stop?.aborted) return onStop();
    stop?.addEventListener('abort', onStop, { once: true });
    source.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    source.resume();
  });
}

const TOO_SLOW = 'The fields of the form, or its small file, took too long to arrive.';

/** A Failure tells what is wrong with the body; every other error only that the connection has ended. */
export function goneOf(error: Error | undefined): Failure {
  return error instanceof Failure ? error : new Failure('client_aborted');
}

export const ignore = (): void => {};
