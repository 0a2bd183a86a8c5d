/**
 * The keys of an identity provider, as its JWKS address gives them. They are refreshed in the
 * background while they are used, cached for a bounded time while the provider is unreachable, and fetched rarely, whatever tokens
 * arrive. There are no timers: without requests there are no fetches.
 */

import { Agent } from 'undici';
import type { AuthObserver } from '../../domain/auth-observer.ts';
import { FIXED_LIMITS } from '../../domain/fixed-limits.ts';
import type { Log } from '../../domain/log.ts';
import { FairClock } from '../../kit/fair-clock.ts';
import type { AuthAttributes } from '../authenticator.ts';
import { type FetchedKeySet, fetchKeySet } from './fetch-key-set.ts';
import type { KeySet, KeySource } from './key-source.ts';
import { keysBusy, keysUnavailable } from './refusals.ts';

/** All times in milliseconds. */
export interface JwksTimes {
  /** Keys of this age are refreshed in the background; requests wait for keys of twice this age, unless the fetch fails. */
  readonly refresh: number;
  /** Keys of this age are discarded, even if there are no others. */
  readonly stale: number;
  /** Between two fetches because of unknown keys. */
  readonly cooldown: number;
  /** Between two fetches when there are no usable keys. */
  readonly retry: number;
  /** Timeout of a fetch, response included. */
  readonly fetch: number;
}

export interface JwksTools {
  readonly watch: AuthObserver;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log?: Log | undefined;
}

const TIMES: JwksTimes = { refresh: 300_000, stale: 3_600_000, cooldown: 30_000, retry: 5_000, fetch: 5_000 };
/** Requests that wait for one fetch. A client that invents key ids makes others wait. */
const WAITING = FIXED_LIMITS.keys_waiting;
const MAX_ANSWER = FIXED_LIMITS.key_set_bytes;

export class JwksSource implements KeySource {
  readonly #url: string;
  readonly #tools: JwksTools;
  readonly #times: JwksTimes;
  readonly #agent: Agent;
  #set: FetchedKeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  /** The error of the last fetch. */
  #trouble: string | undefined;
  #late: AbortController | undefined;
  #waiting = 0;
  #closed = false;

  constructor(url: string, tools: JwksTools, times: Partial<JwksTimes> = {}) {
    this.#url = url;
    this.#tools = tools;
    this.#times = { ...TIMES, ...times };
    // Fetches are minutes apart: a keep-alive connection would be closed by then.
    const { fetch } = this.#times;
    this.#agent = new Agent({
      connect: { timeout: fetch },
      allowH2: false,
      pipelining: 0,
      maxResponseSize: MAX_ANSWER,
    });
  }

  get origin(): 'cached' | 'stale' {
    return this.#trouble !== undefined && this.#age() >= this.#times.refresh ? 'stale' : 'cached';
  }

  held(): KeySet | undefined {
    const age = this.#age();
    if (age < this.#times.refresh) return this.#set;
    if (age >= this.#times.stale) return undefined;
    if (age >= 2 * this.#times.refresh && this.#trouble === undefined) return undefined;
    void this.#fetchAfter(this.#times.cooldown);
    return this.#set;
  }

  async keys(attributes: AuthAttributes): Promise<KeySet> {
    const held = this.held();
    if (held === undefined) await this.#waitFor(this.#fetchAfter(this.#times.retry));
    if (this.#set === undefined || this.#age() >= this.#times.stale) throw keysUnavailable(this.#times.retry);
    attributes.keySource = held === undefined && this.#trouble === undefined ? 'fetched' : this.origin;
    return this.#set;
  }

  async newerKeys(than: KeySet, attributes: AuthAttributes): Promise<KeySet | undefined> {
    const fetching = this.#fetchAfter(this.#times.cooldown);
    await this.#waitFor(fetching);
    // The key may be one that the provider has just begun to use: it is unknown only after a fetch.
    if (this.#trouble !== undefined) throw keysUnavailable(this.#times.cooldown);
    if (fetching !== undefined) attributes.keySource = 'fetched';
    return this.#set === than ? undefined : this.#set;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#late?.abort();
    await this.#fetching;
    await this.#agent.destroy();
  }

  #age(): number {
    return this.#tools.now() - this.#fetchedAt;
  }

  /** @throws Failure overloaded if too many requests wait already. */
  async #waitFor(fetching: Promise<void> | undefined): Promise<void> {
    if (fetching === undefined) return;
    if (this.#waiting >= WAITING) throw keysBusy();
    this.#waiting++;
    await fetching;
    this.#waiting--;
  }

  /** Joins the running fetch, or begins one if the last was begun long enough ago. Never fails. */
  #fetchAfter(wait: number): Promise<void> | undefined {
    if (this.#fetching !== undefined) return this.#fetching;
    const now = this.#tools.now();
    if (now - this.#triedAt < wait || this.#closed) return undefined;
    this.#triedAt = now;
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const late = new AbortController();
    const clock = new FairClock(this.#times.fetch, () => late.abort(new Error('no complete response in time')));
    this.#late = late;
    try {
      this.#fetched(await fetchKeySet(this.#url, this.#agent, late.signal));
    } catch (error) {
      if (!this.#closed) this.#failed(messageOf(error));
    } finally {
      clock.stop();
    }
  }

  #fetched(set: FetchedKeySet): void {
    if (set.fingerprint !== this.#set?.fingerprint) this.#set = set;
    this.#fetchedAt = this.#tools.now();
    if (this.#trouble !== undefined)
      this.#tools.log?.info(this.#fields(), 'identity provider: its keys are available again');
    this.#trouble = undefined;
    this.#tools.watch.keysFetched('success');
  }

  #failed(message: string): void {
    const news = message !== this.#trouble;
    this.#trouble = message;
    if (news) this.#tools.log?.warn(this.#fields(message), 'identity provider: its keys are unavailable');
    this.#tools.watch.keysFetched('error');
  }

  #fields(error?: string): object {
    return { provider: new URL(this.#url).origin, error };
  }
}

/** Socket errors carry their reason in `code`; after several addresses, the message is empty. */
function messageOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return [code, message].filter((word) => typeof word === 'string' && word !== '').join(': ');
}
