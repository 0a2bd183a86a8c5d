/**
 * The circuit breaker before one policy engine: an engine that is unwell is left alone for a while, and then one call finds out
 * whether it is back. Callers that come meanwhile are refused at once; those that come during the probe wait for it.
 */
import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import type { BreakerState } from '../domain/identity-watch.ts';
import { EngineError, unavailable } from './engine-error.ts';

/** Failures in a row that open it. */
const FAILURES = 5;
/** Milliseconds that it stays open before a probe. */
export const OPEN_MILLIS = 5_000;

const STATES: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

export interface Breaker {
  /** @throws Failure policy_unavailable while it is open, and no probe is due. */
  check(): void;
  /**
   * @param call is told the state in which it is made: `half_open` is the probe.
   * @throws Failure policy_unavailable while it is open; else what `call` throws.
   */
  run<T>(call: (state: BreakerState) => Promise<T>): Promise<T>;
}

/** @param tell is told the state now and whenever it changes. */
export function createBreaker(tell: (state: BreakerState) => void, openMillis: number = OPEN_MILLIS): Breaker {
  const policy = circuitBreaker(
    handleWhen((error) => error instanceof EngineError && error.engineIsUnwell),
    { halfOpenAfter: openMillis, breaker: new ConsecutiveBreaker(FAILURES) },
  );
  let openUntil = 0;
  policy.onStateChange((state) => {
    if (state === CircuitState.Open) openUntil = Date.now() + openMillis;
    tell(STATES[state]);
  });
  tell('closed');
  const open = (cause?: unknown) => unavailable('breaker_open', openMillis / 1000, cause);
  return {
    check() {
      if (policy.state === CircuitState.Open && Date.now() < openUntil) throw open();
    },
    async run(call) {
      try {
        return await policy.execute(() => call(STATES[policy.state]));
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw open(error);
        throw error;
      }
    },
  };
}
