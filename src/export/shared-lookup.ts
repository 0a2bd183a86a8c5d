/**
 * Looks up the names of collectors, one at a time; requests for the same name share a running lookup. While the DNS does not
 * respond, a lookup occupies a thread of libuv's pool for many seconds. The pool lends two threads to lookups. A new lookup for
 * each attempt would block the lookups of the store's names, and with those the uploads.
 */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** As `dns.promises.lookup` with `all`. */
export type Resolve = (hostname: string, options: LookupOptions) => Promise<LookupAddress[]>;

export class SharedLookup {
  readonly #resolve: Resolve;
  /** Running lookups, by name and options. Results are not cached: connections live long, and addresses change. */
  readonly #running = new Map<string, Promise<LookupAddress[]>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /** @throws Error of the resolver. */
  readonly all: Resolve = (hostname, options) => {
    const key = JSON.stringify([hostname, options]);
    const shared = this.#running.get(key);
    if (shared !== undefined) return shared;
    const result = this.#last
      .then(() => this.#resolve(hostname, options))
      .finally(() => void this.#running.delete(key));
    this.#running.set(key, result);
    this.#last = result.catch(() => undefined);
    return result;
  };

  /** As `dns.lookup`, for the agents of HTTP. */
  readonly lookup: LookupFunction = (hostname, { all, ...options }, done) => {
    this.all(hostname, options).then(
      ([first, ...more]) => {
        if (first === undefined) done(Object.assign(new Error(`no address of ${hostname}`), { code: 'ENOTFOUND' }), '');
        else if (all) done(null, [first, ...more]);
        else done(null, first.address, first.family);
      },
      (error) => done(error, ''),
    );
  };
}

/** For all collectors of this process. There is one, because the process has one pool. */
export const collectorLookup: SharedLookup = new SharedLookup((hostname, options) =>
  dns.promises.lookup(hostname, { ...options, all: true }),
);
