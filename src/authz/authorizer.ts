/** An authorizer gets the decision of one policy engine about a request. */
import type { Engine } from '../domain/auth-observer.ts';
import type { Span } from '../domain/span.ts';
import type { Resolved } from '../domain/stages.ts';

export interface Verdict {
  readonly allow: boolean;
  /** The reason of the engine, or else a generic one; for the span and the log line, not for the client. */
  readonly reason: string;
  /** Whether it came from the cache. */
  readonly cached: boolean;
}

export interface Authorizer {
  readonly engine: Engine;
  /**
   * @param span `authz.check`, the parent of the calls to the engine.
   * @param waited gets the milliseconds for which the query waited for a slot.
   * @throws Failure policy_unavailable, with a `reason`, without a decision of the engine; overloaded if no slot became free in time.
   */
  decide(request: Resolved, span: Span, waited?: (millis: number) => void): Promise<Verdict>;
  /** Frees its connections. Safe twice. */
  close(): Promise<void>;
}
