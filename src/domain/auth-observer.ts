/** The events of authentication and authorization: metrics and the live view implement this interface, auth and authz call it. */
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

/** One call of a policy engine. */
export interface EngineCall {
  readonly bucket: string;
  readonly engine: Engine;
  /** Origin of its URL. */
  readonly origin: string;
  /** A decision, or the problem of the engine. */
  readonly outcome: string;
  /** Cause of the problem, such as `ECONNREFUSED` or `HTTP 500`; undefined if it is not known. */
  readonly cause: string | undefined;
  readonly seconds: number;
  readonly span: Span;
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
  /** The circuit breaker of one bucket's engine changed its state; also called once at the start, after `calls`. @param origin of its URL. */
  breaker(bucket: string, engine: Engine, state: BreakerState, origin: string): void;
  /**
   * Called once with the concurrent queries to the engine of one bucket, for gauges.
   * @param origin of the engine's URL.
   * @returns is called when it is closed.
   */
  calls(bucket: string, engine: Engine, figures: LineFigures, origin: string): () => void;
  /** One call of a policy engine is over. */
  engineCalled(call: EngineCall): void;
  /** Called once for each use of an identity provider. @param provider the origin of its URL. @returns is called when it is closed. */
  keySource(provider: string): () => void;
  /**
   * One attempt to fetch the keys of an identity provider is over.
   * @param provider the origin of its URL.
   * @param span that of the fetch.
   * @param cause of an error, such as `ECONNREFUSED`.
   */
  keysFetched(result: 'success' | 'error', provider: string, seconds: number, span: Span, cause?: string): void;
}

export const NO_OBSERVER: AuthObserver = {
  authenticated() {},
  decided() {},
  breaker() {},
  calls: () => () => {},
  engineCalled() {},
  keySource: () => () => {},
  keysFetched() {},
};
