/**
 * Looks up the names of collectors, one at a time, and whoever asks the same meanwhile shares the answer. As long as the DNS is silent,
 * many seconds, a lookup occupies a thread of libuv's pool, which lets half of its threads do such: two. Attempts that each looked up
 * anew would keep the store's names waiting behind them, and with those the uploads.
 */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** As `dns.promises.lookup` with `all`. */
export type Resolve = (hostname: string, options: LookupOptions) => Promise<LookupAddress[]>;

export class SharedLookup {
  readonly #resolve: Resolve;
  /** By what is asked. Nothing is remembered beyond it: connections are kept, and addresses change. */
  readonly #underWay = new Map<string, Promise<LookupAddress[]>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /** @throws Error of the resolver. */
  readonly all: Resolve = (hostname, options) => {
    const key = JSON.stringify([hostname, options]);
    const shared = this.#underWay.get(key);
    if (shared !== undefined) return shared;
    const answer = this.#last
      .then(() => this.#resolve(hostname, options))
      .finally(() => void this.#underWay.delete(key));
    this.#underWay.set(key, answer);
    this.#last = answer.catch(() => undefined);
    return answer;
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

const { lookup } = dns.promises;

/** Of all that this thread has to do with collectors. There is one, because there is but one pool to be spared. */
export const collectorLookup: SharedLookup = new SharedLookup((hostname, options) =>
  lookup(hostname, { ...options, all: true }),
);

/**
 * Makes `dns.promises.lookup` of this thread share: grpc-js knows no option, and looks up by it. Nothing else here does, for Node's own
 * connections use `dns.lookup`.
 */
export function shareLookupsOfGrpc({ all }: SharedLookup): void {
  const shared = async (hostname: string, options: LookupOptions = {}) => {
    const { all: several, ...others } = options;
    const found = await all(hostname, others);
    return several ? found : found[0]!;
  };
  dns.promises.lookup = shared as typeof dns.promises.lookup;
}
