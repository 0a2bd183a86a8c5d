/** An authorizer in memory: it returns the decision that a test sets, and records its queries. */

import { queryOf } from '../../src/authz/authorization-query.ts';
import type { Authorizer, Verdict } from '../../src/authz/authorizer.ts';
import { type UnavailableReason, unavailable } from '../../src/authz/engine-error.ts';
import type { Engine } from '../../src/domain/auth-observer.ts';
import type { Resolved } from '../../src/domain/stages.ts';
import { whileWanted } from '../../src/domain/while-wanted.ts';

export interface FakeDecision {
  readonly allow: boolean;
  readonly reason: string;
}

export class FakeAuthorizer implements Authorizer {
  readonly engine: Engine;
  /** Its decision, or the reason for which it has none. */
  says: FakeDecision | UnavailableReason = { allow: true, reason: 'fake_allowed' };
  /** Requests that were not cached. */
  readonly asked: Resolved[] = [];
  closed = 0;
  readonly #remembered: Map<string, FakeDecision> | undefined;

  constructor(options: { readonly engine?: Engine; readonly remembers?: boolean } = {}) {
    this.engine = options.engine ?? 'opa';
    this.#remembered = options.remembers ? new Map() : undefined;
  }

  decide(request: Resolved): Promise<Verdict> {
    return whileWanted(this.#decide(request), request.incoming.signal);
  }

  async close(): Promise<void> {
    this.closed++;
    this.#remembered?.clear();
    this.says = 'engine_reset';
  }

  async #decide(request: Resolved): Promise<Verdict> {
    const query = JSON.stringify(queryOf(request));
    const known = this.#remembered?.get(query);
    if (known !== undefined) return { ...known, cached: true };
    this.asked.push(request);
    if (typeof this.says === 'string') throw unavailable(this.says, 1);
    this.#remembered?.set(query, this.says);
    return { ...this.says, cached: false };
  }
}
