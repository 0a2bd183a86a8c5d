/** The events of authentication and authorization: metrics implement this interface, auth and authz call it. */
import type { AuthMethod } from './identity.ts';
import type { Span } from './span.ts';

export type BreakerState = 'closed' | 'half_open' | 'open';
/** The name of a policy engine. */
export type Engine = string;
export type AuthorizationOutcome = 'allow' | 'deny' | 'error';

/** A concurrency limit: used slots, and callers that wait for one. */
export interface LineFigures {
  readonly used: number;
  readonly waiting: number;
}

export interface AuthObserver {
  /** @param method `none` if the request carried no credentials. @param result `accepted`, or the type of the failure. */
  authenticated(bucket: string, method: AuthMethod | 'none', result: string, seconds: number, span: Span): void;
  /** @param decision `error` if the engine did not return one. @param cached whether the decision came from the cache. */
  decided(
    bucket: string,
    engine: Engine,
    decision: AuthorizationOutcome,
    cached: boolean,
    seconds: number,
    span: Span,
  ): void;
  /** The circuit breaker of one bucket's engine changed its state; also called once at the start. */
  breaker(bucket: string, engine: Engine, state: BreakerState): void;
  /** Called once with the concurrent queries to the engine of one bucket, for gauges. @returns is called when it is closed. */
  calls(bucket: string, engine: Engine, figures: LineFigures): () => void;
  /** One call of a policy engine is over. @param outcome a decision, or the problem of the engine. @param span that of the call. */
  engineCalled(bucket: string, engine: Engine, outcome: string, seconds: number, span: Span): void;
  /** One attempt to fetch the keys of an identity provider is over. @param provider the origin of its URL. @param span that of the fetch. */
  keysFetched(result: 'success' | 'error', provider: string, seconds: number, span: Span): void;
}

export const NO_OBSERVER: AuthObserver = {
  authenticated() {},
  decided() {},
  breaker() {},
  calls: () => () => {},
  engineCalled() {},
  keysFetched() {},
};
