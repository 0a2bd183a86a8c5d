/**
 * Remembers decisions, and lets equal questions that are asked at the same time share one answer. Only decisions are
 * remembered, never errors, and none outlives the credential it was made for.
 */
import { hash } from 'node:crypto';

/** What an engine has decided. */
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

/** One call to the engine, for all who ask the same. */
export interface SharedCall {
  /** Aborted when nobody waits any more for a call that is not begun. */
  readonly unwanted: AbortSignal;
  /** Set when it is made: whoever asks the same later may still use the answer. */
  begun: boolean;
}

class Shared implements SharedCall {
  readonly #abort = new AbortController();
  readonly unwanted = this.#abort.signal;
  asked!: Promise<Decided>;
  begun = false;
  wanted = 0;

  /** @returns whether it was given up. */
  leave(reason: unknown): boolean {
    if (--this.wanted > 0 || this.begun) return false;
    this.#abort.abort(reason);
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

  /** @param ttlMillis 0 remembers nothing; equal questions still share a call. */
  constructor(ttlMillis: number, now: () => number) {
    this.#ttlMillis = ttlMillis;
    this.#now = now;
  }

  /**
   * @param question all that the decision depends on: an equal text is an equal question.
   * @param expiresAt end of the credential in milliseconds since the epoch.
   * @param ask asks the engine; what it throws is thrown to all who wait.
   * @param gone is aborted when this caller waits no more.
   */
  async decide(
    question: string,
    expiresAt: number | undefined,
    ask: (call: SharedCall) => Promise<Decided>,
    gone?: AbortSignal,
  ): Promise<CachedDecision> {
    const key = this.#keyOf(`${expiresAt ?? ''}\n${question}`);
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > this.#now()) return { ...known.decided, cached: true };
    const running = this.#running.get(key);
    if (running !== undefined) return { ...(await this.#join(key, running, gone)), cached: true };
    const shared = new Shared();
    shared.asked = ask(shared).finally(() => this.#forget(key, shared));
    this.#running.set(key, shared);
    const decided = await this.#join(key, shared, gone);
    this.#remember(key, decided, expiresAt);
    return { ...decided, cached: false };
  }

  async #join(key: string, shared: Shared, gone: AbortSignal | undefined): Promise<Decided> {
    shared.wanted++;
    const leave = (): void => {
      if (shared.leave(gone?.reason)) this.#forget(key, shared); // whoever comes now asks anew
    };
    gone?.addEventListener('abort', leave, { once: true });
    try {
      return await shared.asked;
    } finally {
      gone?.removeEventListener('abort', leave);
    }
  }

  #forget(key: string, shared: Shared): void {
    if (this.#running.get(key) === shared) this.#running.delete(key);
  }

  /** A remembered question is kept as its hash only: it holds claims, and may be long. */
  #keyOf(question: string): string {
    return this.#ttlMillis === 0 ? question : hash('sha256', question, 'base64');
  }

  #remember(key: string, decided: Decided, expiresAt = Number.POSITIVE_INFINITY): void {
    const until = Math.min(this.#now() + this.#ttlMillis, expiresAt);
    if (this.#ttlMillis === 0 || until <= this.#now()) return;
    this.#entries.delete(key);
    if (this.#entries.size >= CAPACITY) this.#entries.delete(this.#entries.keys().next().value as string);
    this.#entries.set(key, { decided, until });
  }
}
