/**
 * The keys of an identity provider, as its JWKS address gives them. They are refreshed in the
 * background while they are used, cached for a bounded time while the provider is unreachable, and fetched rarely, whatever tokens
 * arrive. There are no timers: without requests there are no fetches.
 */

import type { AuthObserver } from '../../domain/auth-observer.ts';
import { FIXED_LIMITS } from '../../domain/fixed-limits.ts';
import type { Log } from '../../domain/log.ts';
import { type Attributes, NO_SPAN, type Span } from '../../domain/span.ts';
import { FairClock } from '../../kit/fair-clock.ts';
import type { AuthAttributes } from '../authenticator.ts';
import { type FetchedKeySet, fetchKeySet } from './fetch-key-set.ts';
import { keySetAgent } from './key-set-agent.ts';
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

export class JwksSource implements KeySource {
  readonly #url: string;
  readonly #origin: string;
  readonly #tools: JwksTools;
  readonly #times: JwksTimes;
  readonly #attributes: Attributes;
  #set: FetchedKeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  /** The error of the last fetch. */
  #problem: string | undefined;
  /** The code of that error, such as `ECONNREFUSED`. */
  #code: string | undefined;
  #late: AbortController | undefined;
  #waiting = 0;
  #closed = false;

  constructor(url: string, tools: JwksTools, times: Partial<JwksTimes> = {}) {
    this.#url = url;
    this.#origin = new URL(url).origin;
    this.#attributes = attributesOf(new URL(url));
    this.#tools = tools;
    this.#times = { ...TIMES, ...times };
  }

  get origin(): 'cached' | 'stale' {
    return this.#problem !== undefined && this.#age() >= this.#times.refresh ? 'stale' : 'cached';
  }

  held(span?: Span): KeySet | undefined {
    const age = this.#age();
    if (age < this.#times.refresh) return this.#set;
    if (age >= this.#times.stale) return undefined;
    if (age >= 2 * this.#times.refresh && this.#problem === undefined) return undefined;
    void this.#fetchAfter(this.#times.cooldown, span);
    return this.#set;
  }

  async keys(attributes: AuthAttributes): Promise<KeySet> {
    const held = this.held(attributes.span);
    if (held === undefined) await this.#waitFor(this.#fetchAfter(this.#times.retry, attributes.span), attributes);
    if (this.#set === undefined || this.#age() >= this.#times.stale)
      throw keysUnavailable(this.#times.retry, this.#code, this.#problem);
    attributes.keySource = held === undefined && this.#problem === undefined ? 'fetched' : this.origin;
    return this.#set;
  }

  async newerKeys(than: KeySet, attributes: AuthAttributes): Promise<KeySet | undefined> {
    const fetching = this.#fetchAfter(this.#times.cooldown, attributes.span);
    await this.#waitFor(fetching, attributes);
    // The key may be one that the provider has just begun to use: it is unknown only after a fetch.
    if (this.#problem !== undefined) throw keysUnavailable(this.#times.cooldown, this.#code, this.#problem);
    if (fetching !== undefined) attributes.keySource = 'fetched';
    return this.#set === than ? undefined : this.#set;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#late?.abort();
    await this.#fetching;
  }

  #age(): number {
    return this.#tools.now() - this.#fetchedAt;
  }

  /** @throws Failure overloaded if too many requests wait already. */
  async #waitFor(fetching: Promise<void> | undefined, attributes: AuthAttributes): Promise<void> {
    if (fetching === undefined) return;
    if (this.#waiting >= WAITING) throw keysBusy();
    const since = performance.now();
    this.#waiting++;
    await fetching;
    this.#waiting--;
    const seconds = (performance.now() - since) / 1000;
    attributes.keysWaitSeconds = (attributes.keysWaitSeconds ?? 0) + seconds;
  }

  /** Joins the running fetch, or begins one if the last was begun long enough ago. Never fails. */
  #fetchAfter(wait: number, parent: Span = NO_SPAN): Promise<void> | undefined {
    if (this.#fetching !== undefined) return this.#fetching;
    const now = this.#tools.now();
    if (now - this.#triedAt < wait || this.#closed) return undefined;
    this.#triedAt = now;
    this.#fetching = this.#fetch(parent).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(parent: Span): Promise<void> {
    const startedAt = performance.now();
    const late = new AbortController();
    const clock = new FairClock(this.#times.fetch, () => late.abort(new Error('no complete response in time')));
    this.#late = late;
    const span = parent.child('auth.fetch_keys', 'client', this.#attributes);
    const report = (result: 'success' | 'error'): void => {
      const cause = this.#code ?? this.#problem;
      this.#tools.watch.keysFetched(result, this.#origin, (performance.now() - startedAt) / 1000, span, cause);
    };
    const agent = keySetAgent(this.#times.fetch, span);
    try {
      this.#fetched(await fetchKeySet(this.#url, agent, late.signal, span), span);
      report('success');
    } catch (error) {
      if (this.#closed) return;
      this.#failed(error as Error, span);
      report('error');
    } finally {
      clock.stop();
      span.end();
      void agent.destroy();
    }
  }

  #fetched(set: FetchedKeySet, span: Span): void {
    if (set.fingerprint !== this.#set?.fingerprint) this.#set = set;
    this.#fetchedAt = this.#tools.now();
    if (this.#problem !== undefined)
      this.#tools.log?.info(this.#fields(span), 'identity provider: its keys are available again');
    this.#problem = this.#code = undefined;
  }

  #failed(error: Error, span: Span): void {
    const message = messageOf(error);
    this.#code = codeOf(error);
    span.set('error.reason', this.#code);
    span.fail('keys_unavailable', message);
    const news = message !== this.#problem;
    this.#problem = message;
    if (news) this.#tools.log?.warn(this.#fields(span, message), 'identity provider: its keys are unavailable');
  }

  #fields({ traceId: trace_id, spanId: span_id }: Span, error?: string): object {
    return { provider: this.#origin, error, trace_id, span_id };
  }
}

const codeOf = ({ code }: NodeJS.ErrnoException): string | undefined => (typeof code === 'string' ? code : undefined);

/** Credentials and the query may be secrets of the provider. */
function attributesOf({ origin, pathname, hostname, port, protocol }: URL): Attributes {
  return {
    'http.request.method': 'GET',
    'url.full': `${origin}${pathname}`,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
  };
}

/** Socket errors carry their reason in `code`; after several addresses, the message is empty. */
function messageOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return [code, message].filter((word) => typeof word === 'string' && word !== '').join(': ');
}
