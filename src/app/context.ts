/** What every part of a gateway is opened with, next to its configuration and its lifetime. */
import type { Environment } from '../config/expand.ts';
import type { AuthObserver } from '../domain/auth-observer.ts';
import type { Log } from '../domain/log.ts';
import type { StoreObserver } from '../domain/store-observer.ts';
import type { StoreTransport } from '../s3/store-transport.ts';

export interface AppContext {
  /** The directory that relative paths of the configuration start from. */
  readonly directory: string;
  /** For the files that the configuration names. */
  readonly env: Environment;
  readonly log: Log;
  readonly watch: AuthObserver;
  /** The observer of the calls to the store of a bucket, with the store's origin; undefined outside of a running gateway. */
  readonly watchStore?: (bucket: string, origin: string) => StoreObserver;
  /** Sends requests to stores; over the network by default. */
  readonly transport?: StoreTransport;
}
