/** What identity and policy tell whoever counts: metrics implement it, auth and authz call it. */
import type { AuthMethod } from './identity.ts';
import type { Span } from './span.ts';

export type BreakerState = 'closed' | 'half_open' | 'open';
/** The name of a policy engine. */
export type Engine = string;
export type AuthorizationOutcome = 'allow' | 'deny' | 'error';

/** A bounded number of places, and those who wait for one. */
export interface LineFigures {
  readonly used: number;
  readonly waiting: number;
}

export interface AuthObserver {
  /** @param method `none` where the request carried no credential. @param result `accepted`, or the type of the failure. */
  authenticated(bucket: string, method: AuthMethod | 'none', result: string, seconds: number, span: Span): void;
  /** @param decision `error` where the engine could not be asked. @param cached whether it was asked at all. */
  decided(
    bucket: string,
    engine: Engine,
    decision: AuthorizationOutcome,
    cached: boolean,
    seconds: number,
    span: Span,
  ): void;
  /** The breaker before the engine of one bucket has changed its state; told once at the start, too. */
  breaker(bucket: string, engine: Engine, state: BreakerState): void;
  /** Told once of the questions that the engine of one bucket is being asked, to be looked at. */
  calls(bucket: string, engine: Engine, figures: LineFigures): void;
  /** One attempt to fetch the keys of an identity provider is over. */
  keysFetched(result: 'success' | 'error'): void;
}

export const NO_OBSERVER: AuthObserver = {
  authenticated() {},
  decided() {},
  breaker() {},
  calls() {},
  keysFetched() {},
};
