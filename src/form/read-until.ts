/** Reads the beginning of a body, chunk by chunk, until the callback returns true. */
import type { Readable } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import { LeastRate } from '../domain/least-rate.ts';
import type { Pace } from '../domain/pace.ts';

export interface ReadLimits {
  readonly pace: Pace;
  /** The deadline for all bytes, as `performance.now()`. */
  readonly until: number;
  /** Aborts reading with its reason. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Resolves when `consume` returns true, with the source paused, or at the end of the source.
 * @throws Failure of `consume`; the reason of `stop`; client_stalled, client_aborted; the error of the source if it is a Failure.
 */
export function readUntil(
  source: Readable,
  { pace, until, stop }: ReadLimits,
  consume: (bytes: Buffer) => boolean,
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
      source.off('data', onData).off('end', onEnd).off('error', onClosed).off('close', onClosed);
      source.on('error', ignore); // a later connection error must not crash the process
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
        if (consume(bytes)) settle();
      } catch (thrown) {
        settle(thrown);
      }
    };
    const onStop = (): void => settle(stop?.reason);
    const onEnd = (): void => settle();
    const onClosed = (error?: Error): void => settle(failureOfEnd(error));
    if (source.destroyed) return onClosed(); // destroyed before the listeners were added
    if (stop?.aborted) return onStop();
    stop?.addEventListener('abort', onStop, { once: true });
    source.on('data', onData).on('end', onEnd).on('error', onClosed).on('close', onClosed);
    source.resume();
  });
}

const TOO_SLOW = 'The form fields or the small file did not arrive in time.';

/** A Failure describes the problem of the body; any other error means that the connection has ended. */
export function failureOfEnd(error: Error | undefined): Failure {
  return error instanceof Failure ? error : new Failure('client_aborted');
}

export const ignore = (): void => {};
