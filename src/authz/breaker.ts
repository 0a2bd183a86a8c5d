/**
 * The circuit breaker before one policy engine. After consecutive failures it opens: calls are refused at once. After a while one
 * call, the probe, finds out whether the engine is available again; calls that arrive meanwhile wait for its outcome.
 */
import type { BreakerState } from '../domain/auth-observer.ts';
import { EngineError, unavailable } from './engine-error.ts';

/** Consecutive failures that open it. */
const FAILURES = 5;
/** Milliseconds for which it stays open before a probe. */
export const OPEN_MILLIS = 5_000;

export interface Breaker {
  /** @throws Failure policy_unavailable while it is open and no probe is due. */
  check(): void;
  /**
   * @param call gets the state in which it is made: `half_open` for the probe.
   * @throws Failure policy_unavailable while it is open; else the error of `call`.
   */
  run<T>(call: (state: BreakerState) => Promise<T>): Promise<T>;
}

/** @param tell gets the state now and with each change. */
export function createBreaker(tell: (state: BreakerState) => void, openMillis: number = OPEN_MILLIS): Breaker {
  let state: BreakerState = 'closed';
  let failures = 0;
  let openUntil = 0;
  let probed: Promise<void> | undefined;

  function change(next: BreakerState): void {
    if (next === 'open') openUntil = Date.now() + openMillis;
    failures = 0;
    state = next;
    tell(next);
  }

  function check(): void {
    const millis = openUntil - Date.now();
    // More than the whole time is left only if the clock was set back.
    if (state === 'open' && millis > 0 && millis <= openMillis) throw unavailable('breaker_open', openMillis / 1000);
  }

  async function probe<T>(call: (state: BreakerState) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    probed = promise;
    change('half_open');
    try {
      const result = await call('half_open');
      change('closed');
      return result;
    } catch (error) {
      change(isFailureOfEngine(error) ? 'open' : 'closed');
      throw error;
    } finally {
      resolve();
    }
  }

  async function runClosed<T>(call: (state: BreakerState) => Promise<T>): Promise<T> {
    try {
      const result = await call('closed');
      if (state === 'closed') failures = 0;
      return result;
    } catch (error) {
      if (state === 'closed' && isFailureOfEngine(error) && ++failures >= FAILURES) change('open');
      throw error;
    }
  }

  tell('closed');
  return {
    check,
    async run(call) {
      while (state === 'half_open') await probed;
      check();
      return state === 'open' ? probe(call) : runClosed(call);
    },
  };
}

const isFailureOfEngine = (error: unknown): boolean => error instanceof EngineError && error.engineFailed;
