/** What an authorizer is: it asks one policy engine whether a request may go on. One file for each engine. */
import type { Engine } from '../domain/auth-observer.ts';
import type { Span } from '../domain/span.ts';
import type { Resolved } from '../domain/stages.ts';

export interface Verdict {
  readonly allow: boolean;
  /** The engine's own words where it gave some, else ours; for the span and the log line, not for the client. */
  readonly reason: string;
  /** Whether an earlier answer was used. */
  readonly cached: boolean;
}

export interface Authorizer {
  readonly engine: Engine;
  /**
   * @param span `authz.check`, the parent of the calls to the engine.
   * @param waited is told the milliseconds that the question waited for its turn.
   * @throws Failure policy_unavailable, with a `reason`, for everything that is not a clear answer; overloaded if its turn did not come.
   */
  decide(request: Resolved, span: Span, waited?: (millis: number) => void): Promise<Verdict>;
  /** Frees its connections. Safe twice. */
  close(): Promise<void>;
}
