/** What the parts of a gateway are given when they are put together, and what they leave behind for its end. */
import type { Environment } from '../config/expand.ts';
import type { AuthObserver } from '../domain/auth-observer.ts';
import type { Log } from '../domain/log.ts';

export interface Surroundings {
  /** Where relative paths of the configuration begin. */
  readonly directory: string;
  readonly env: Environment;
  readonly log: Log;
  readonly watch: AuthObserver;
}

/** A file that is read again on SIGHUP. */
export interface Reload {
  readonly file: string;
  /** What it holds, in the plural. */
  readonly what: string;
  /** @throws Error if the file cannot be used; what was there before then still holds. */
  reload(): Promise<void>;
}

/** Filled in by whoever opens something. */
export interface BucketParts {
  /** Run in reverse at the end. */
  readonly opened: (() => Promise<void>)[];
  readonly reloads: Reload[];
}
