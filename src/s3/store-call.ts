/** One call to a store, as those who make it describe it. */
import type { OperationName } from '../domain/operation.ts';
import type { Span } from '../domain/span.ts';
import type { Query } from '../sigv4/canonical-request.ts';
import type { StoreBody } from './exchange.ts';
import type { Place } from './store-line.ts';

export interface StoreCall {
  readonly operation: OperationName;
  /** For whom it is made: callers wait in turn for a connection. Undefined for what undoes an upload, which goes first. */
  readonly caller: string | undefined;
  /** The connection of the first attempt, where the caller has waited for it already; given back when that is over. */
  readonly place?: Place | undefined;
  readonly key: string;
  readonly query: Query;
  /** Those headers that passed the allow-list, and those that describe the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: StoreBody;
  /** `x-amz-content-sha256` of the body. */
  readonly payloadHash: string;
  readonly signal: AbortSignal;
  /**
   * Told of each attempt to which no answer came: the store may be taking still what was sent. For whoever wants to know, a body of
   * pieces that has wholly gone is not broken off by the signal, but its answer waited for, for a moment.
   */
  readonly onUnanswered?: () => void;
  /**
   * Told of white space that comes ahead of the store's document, with the headers of its response: the store is still at work. How often
   * is the store's choice.
   */
  readonly onWhiteSpace?: (headers: Readonly<Record<string, string>>) => void;
  /** How often it is sent at most, where it can be repeated at will; undefined where only a stale connection is a reason. */
  readonly attempts?: number;
  /** The span under which each attempt opens its own. */
  readonly span: Span;
}
