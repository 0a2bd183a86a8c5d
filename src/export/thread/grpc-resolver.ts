/**
 * Name resolution for grpc-js by our shared lookup. grpc-js has no option for it, but accepts another resolver for its `dns`
 * scheme. Names of proxies are resolved by the same scheme.
 */
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { experimental, Metadata, status } from '@grpc/grpc-js';
import type { Resolve } from '../shared-lookup.ts';

const HTTPS_PORT = 443;
/** Between two lookups of one client. */
const PAUSE_MILLIS = 1_000;

/** For all clients of this thread that are made from then on. */
export function resolveGrpcNames(lookUp: Resolve): void {
  experimental.registerResolver(
    'dns',
    class extends SharedResolver {
      constructor(target: experimental.GrpcUri, listener: experimental.ResolverListener) {
        super(target, listener, lookUp);
      }
    },
  );
}

class SharedResolver implements experimental.Resolver {
  static getDefaultAuthority({ path }: experimental.GrpcUri): string {
    return path;
  }

  readonly #target: experimental.GrpcUri;
  readonly #listener: experimental.ResolverListener;
  readonly #lookUp: Resolve;
  /** The lookup that runs. */
  #pending: Promise<void> | undefined;
  /** Runs for a while after each lookup. */
  #pause: NodeJS.Timeout | undefined;
  #isRequested = false;

  constructor(target: experimental.GrpcUri, listener: experimental.ResolverListener, lookUp: Resolve) {
    this.#target = target;
    this.#listener = listener;
    this.#lookUp = lookUp;
  }

  /** grpc-js requests this after each failed connection. */
  updateResolution(): void {
    this.#isRequested = true;
    if (this.#pending !== undefined || this.#pause !== undefined) return;
    this.#isRequested = false;
    const pending = this.#resolve().then((endpoints) => {
      if (this.#pending !== pending) return;
      this.#pending = undefined;
      this.#pause = setTimeout(() => this.#resume(), PAUSE_MILLIS).unref();
      this.#listener(endpoints, {}, null, '');
    });
    this.#pending = pending;
  }

  destroy(): void {
    this.#pending = undefined;
    this.#isRequested = false;
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #resume(): void {
    this.#pause = undefined;
    if (this.#isRequested) this.updateResolution();
  }

  /** Never rejects. */
  async #resolve(): Promise<experimental.StatusOr<experimental.Endpoint[]>> {
    const { host = '', port = HTTPS_PORT } = experimental.splitHostPort(this.#target.path) ?? {};
    try {
      const found = await addressesOf(host, this.#lookUp);
      return experimental.statusOrFromValue(found.map(({ address }) => ({ addresses: [{ host: address, port }] })));
    } catch {
      const details = `Name resolution failed for target ${experimental.uriToString(this.#target)}`;
      return experimental.statusOrFromError({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
    }
  }
}

async function addressesOf(host: string, lookUp: Resolve): Promise<LookupAddress[]> {
  const family = isIP(host);
  return family === 0 ? lookUp(host, {}) : [{ address: host, family }];
}
