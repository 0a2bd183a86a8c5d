/** Whether and when a failed call to a store is sent again. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { abortSignalOf } from '../domain/cancellation.ts';
import type { Failure } from '../domain/failure.ts';
import { OPERATIONS } from '../domain/operation.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import type { StoreCall } from './store-call.ts';

/** Milliseconds before the second attempt, at most; it doubles with every further one. */
const FIRST_DELAY = 200;
const LONGEST_DELAY = 5_000;

/**
 * A store may close a keep-alive connection in the moment in which it is used again. The call is then sent again if that is
 * safe: its body is in memory, and the store would respond the same a second time. (A second Create leaves
 * an orphan; a second Complete, Abort or conditional write is an error.)
 * @returns milliseconds to wait first, or undefined if the failure is final.
 */
export function delayBeforeRetry(call: StoreCall, failure: Failure, resends: number): number | undefined {
  if (call.signal.aborted) return undefined;
  const { attempts } = call;
  if (attempts !== undefined) return resends + 1 < attempts && mayPass(failure) ? backoff(resends) : undefined;
  if (resends > 0 || failure.type !== 'store_reset' || !OPERATIONS[call.operation].repeatable) return undefined;
  if (call.headers['if-none-match'] !== undefined || call.headers['if-match'] !== undefined) return undefined;
  return call.body === undefined || Buffer.isBuffer(call.body) ? 0 : undefined;
}

/** @returns the seconds that it took, if any. @throws Failure client_aborted, shutting_down as soon as the client no longer waits. */
export async function pause(millis: number, { signal, retryWait }: Pausing): Promise<number | undefined> {
  if (millis === 0) return undefined;
  const since = performance.now();
  retryWait?.start();
  try {
    await delay(millis, undefined, { signal: abortSignalOf(signal) });
  } catch {
    throw whyUnwanted(signal);
  } finally {
    retryWait?.stop();
  }
  return (performance.now() - since) / 1000;
}

type Pausing = Pick<StoreCall, 'signal' | 'retryWait'>;

function mayPass({ type, status }: Failure): boolean {
  if (type === 'store_error') return status >= 500 || status === 429;
  return type === 'store_reset' || type === 'store_timeout' || type === 'store_unreachable';
}

/** "Full jitter": anywhere between nothing and a bound that doubles (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
function backoff(resends: number): number {
  return Math.ceil(Math.random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** resends));
}
