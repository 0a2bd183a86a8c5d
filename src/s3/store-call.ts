/** One call to a store, as the operations describe it. */

import type { OutgoingBody } from '../body/outgoing-body.ts';
import type { Wait } from '../body/transfer-clock.ts';
import type { CancelSignal } from '../domain/cancellation.ts';
import type { OperationName } from '../domain/operation.ts';
import type { Span } from '../domain/span.ts';
import type { Query } from '../sigv4/canonical-request.ts';
import type { Place } from './store-line.ts';

/** Called in pairs, one for each attempt. */
export interface AttemptWait {
  start(): void;
  stop(): void;
}

export interface StoreCall {
  readonly operation: OperationName;
  /** Callers wait in turn for a connection. Undefined for the abortion of an upload, which goes first. */
  readonly caller: string | undefined;
  /** The connection of the first attempt, where the operation has waited for it already; released after the attempt. */
  readonly place?: Place | undefined;
  readonly key: string;
  readonly query: Query;
  /** Headers that passed the allow-list, and headers of the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OutgoingBody;
  /** `x-amz-content-sha256` of the body. */
  readonly payloadHash: string;
  /** False where the gateway leaves the promises of the client about the body to the store; true by default. */
  readonly verifiedHere?: boolean;
  readonly signal: CancelSignal;
  /**
   * After the signal, how long the transport waits for the response to a body that was sent completely: 2 s, or the timeout of
   * every response. Undefined if the outcome is not needed.
   */
  readonly settles?: 'briefly' | 'fully';
  /** Notified of each attempt without a response: the store may still be processing it. */
  readonly onOutcomeUnknown?: () => void;
  /**
   * Notified of white space ahead of the store's document, with the headers of its response: the store is still working. The
   * store decides how often.
   */
  readonly onWhiteSpace?: (headers: Readonly<Record<string, string>>) => void;
  /** Most attempts of a call that is safe to repeat; undefined where only a stale connection is a reason to. */
  readonly attempts?: number;
  /** Times the waits for a connection, one for each attempt. */
  readonly wait?: Wait;
  /** Times each attempt, from its connection to its end. */
  readonly attemptWait?: AttemptWait | undefined;
  /** Times the pauses between attempts. */
  readonly retryWait?: Wait;
  /** The span under which each attempt opens its own. */
  readonly span: Span;
}
