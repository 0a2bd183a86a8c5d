/** The interface of a transport to a store: a signed request goes out, a response of bounded size comes back. */
import type { OutgoingBody } from '../body/outgoing-body.ts';
import type { CancelSignal } from '../domain/cancellation.ts';
import type { UsedConnection } from '../kit/used-connection.ts';

/** Receives the facts of one exchange for its span. */
export interface ExchangeObserver {
  /**
   * The request has a connection, or its attempt at a new one failed.
   * @param waitedSeconds for it; undefined for a short wait for a connection that was there.
   */
  connected(connection: UsedConnection, waitedSeconds: number | undefined): void;
  /** The first byte of the body was sent. @param at now by default, as `performance.now()`; the same for the others. */
  bodyBegun(at?: number): void;
  /** The last byte of the request was sent. */
  requestSent(at?: number): void;
  /** The headers of the final response were received. */
  responseBegun(at?: number): void;
}

export interface TransportRequest {
  readonly method: 'PUT' | 'POST' | 'DELETE' | 'GET' | 'HEAD';
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  readonly body: OutgoingBody;
  /** Receives the bytes of the body that the connection accepted: once, at the end, and only with a body. */
  readonly sent: (bytes: number) => void;
  /** Absent without a recorded span. */
  readonly observer?: ExchangeObserver;
  /** Aborts the exchange when the client disconnects; see `settleMillis`. */
  readonly signal: CancelSignal;
  /**
   * A body that was sent completely is not aborted: the transport waits this long for the response, so that the outcome is known.
   * At the end of a shutdown it waits 2 s at most. Without it, the exchange is aborted at once.
   */
  readonly settleMillis?: number;
  /** Notified of white space ahead of a document in a 200, with the headers of the response. */
  readonly onWhiteSpace?: (headers: Readonly<Record<string, string>>) => void;
  /** Longest wait for a store that reads no more of the body, in milliseconds. */
  readonly stallTimeoutMillis: number;
  /** Longest wait for the response, and between two pieces of it, in milliseconds. */
  readonly responseTimeoutMillis: number;
}

export interface StoreResponse {
  readonly status: number;
  /** Lower-case names, each with one value; see header-values.ts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** test/contract/transport holds for every implementation. */
export interface StoreTransport {
  /** @throws Failure store_unreachable, store_reset, store_timeout, store_invalid_answer, or the reason of the body or the signal. */
  send(request: TransportRequest): Promise<StoreResponse>;
  /** Whether it sends bodies that a pump moves; false without it. */
  readonly canMove?: boolean;
  /** Open connections that no request uses; undefined without a pool. */
  readonly idleConnections?: number;
  /** Closes the connections; those in use are reset. */
  close(): Promise<void>;
}
