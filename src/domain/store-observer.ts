/** The events of calls to a store: metrics and the live view implement this interface, src/s3 calls it. */
import type { OperationName } from './operation.ts';
import type { Span } from './span.ts';

/** One request to the store, and its outcome. */
export interface StoreAttempt {
  readonly operation: OperationName;
  /** Attempts before this one. */
  readonly resends: number;
  readonly server: { readonly hostname: string; readonly port: number };
  /** HTTP status; undefined without a response. */
  readonly status: number | undefined;
  /** `error.type` of a failed attempt, or the reason why it was cancelled; undefined if it succeeded. */
  readonly errorType: string | undefined;
  /** Whether the gateway cancelled the attempt: it is not an error of the store then. */
  readonly isCancelled: boolean;
  /** Why it failed, such as `ECONNREFUSED`, `AccessDenied` or `HTTP 503`; undefined if it succeeded, or if the cause is not known. */
  readonly cause: string | undefined;
  /** Without the wait for a connection. */
  readonly seconds: number;
  readonly span: Span;
}

export interface StoreObserver {
  /** One attempt is over. */
  attempted(attempt: StoreAttempt): void;
  /** The store is closed. */
  closed(): void;
}

export const NO_STORE_OBSERVER: StoreObserver = { attempted() {}, closed() {} };
