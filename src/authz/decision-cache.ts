/**
 * The cache of decisions; equal queries in flight share one call. Only decisions are cached, never errors, and none outlives the
 * credentials of its caller.
 */
import { hash } from 'node:crypto';
import { Cancellation, type CancelSignal } from '../domain/cancellation.ts';

/** The decision of an engine. */
export interface Decided {
  readonly allow: boolean;
  readonly reason: string;
}

export interface CachedDecision extends Decided {
  /** Whether no call was made for it. */
  readonly cached: boolean;
}

interface Entry {
  readonly decided: Decided;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** One call to the engine, for all equal queries. */
export interface SharedCall {
  /** Aborted when no caller waits any more for a call that has not been sent. */
  readonly unwanted: CancelSignal;
  /** Set when the call is sent: later equal queries may still use its response. */
  begun: boolean;
}

class Shared implements SharedCall {
  readonly unwanted = new Cancellation();
  outcome!: Promise<Decided>;
  begun = false;
  wanted = 0;

  /** @returns whether the call was cancelled. */
  leave(reason: unknown): boolean {
    if (--this.wanted > 0 || this.begun) return false;
    this.unwanted.abort(reason);
    return true;
  }
}

/** Entries; the oldest goes first. */
const CAPACITY = 10_000;

export class DecisionCache {
  readonly #ttlMillis: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, Shared>();

  /** @param ttlMillis 0 caches nothing; equal queries still share a call. */
  constructor(ttlMillis: number, now: () => number) {
    this.#ttlMillis = ttlMillis;
    this.#now = now;
  }

  /**
   * @param query all that the decision depends on: an equal text is an equal query.
   * @param expiresAt end of the credential in milliseconds since the epoch.
   * @param call calls the engine; its error is thrown to all callers that wait.
   * @param disconnected is aborted when this caller disconnects.
   */
  async decide(
    query: string,
    expiresAt: number | undefined,
    call: (shared: SharedCall) => Promise<Decided>,
    disconnected?: CancelSignal,
  ): Promise<CachedDecision> {
    const key = this.#keyOf(`${expiresAt ?? ''}\n${query}`);
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > this.#now()) return { ...known.decided, cached: true };
    const running = this.#running.get(key);
    if (running !== undefined) return { ...(await this.#join(key, running, disconnected)), cached: true };
    const shared = new Shared();
    shared.outcome = call(shared).finally(() => this.#forget(key, shared));
    this.#running.set(key, shared);
    const decided = await this.#join(key, shared, disconnected);
    this.#remember(key, decided, expiresAt);
    return { ...decided, cached: false };
  }

  async #join(key: string, shared: Shared, disconnected: CancelSignal | undefined): Promise<Decided> {
    shared.wanted++;
    const leave = (): void => {
      if (shared.leave(disconnected?.reason)) this.#forget(key, shared); // a later query makes a new call
    };
    disconnected?.addEventListener('abort', leave, { once: true });
    try {
      return await shared.outcome;
    } finally {
      disconnected?.removeEventListener('abort', leave);
    }
  }

  #forget(key: string, shared: Shared): void {
    if (this.#running.get(key) === shared) this.#running.delete(key);
  }

  /** A cached query is stored as its hash only: it holds claims, and may be long. */
  #keyOf(query: string): string {
    return this.#ttlMillis === 0 ? query : hash('sha256', query, 'base64');
  }

  #remember(key: string, decided: Decided, expiresAt = Number.POSITIVE_INFINITY): void {
    const until = Math.min(this.#now() + this.#ttlMillis, expiresAt);
    if (this.#ttlMillis === 0 || until <= this.#now()) return;
    this.#entries.delete(key);
    if (this.#entries.size >= CAPACITY) this.#entries.delete(this.#entries.keys().next().value as string);
    this.#entries.set(key, { decided, until });
  }
}
