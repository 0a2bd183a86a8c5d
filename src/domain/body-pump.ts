/**
 * The interface of a pump: it moves a body from the client's connection to the store's without the main thread. Both connections
 * stay with their owners, which use them again afterwards.
 */
import type { Socket } from 'node:net';
import type { Failure } from './failure.ts';

/** The body of a request whose connection node:http no longer reads. */
export interface TakenBody {
  /** The client's connection. */
  readonly connection: Socket;
  /** Bytes of the body that node:http had read before; may be empty. */
  readonly first: Buffer;
  /** Bytes of the body that are still to be read from the connection; framing of `aws-chunked` included. */
  readonly left: number;
  /** Returns the connection to node:http. Call it exactly once. @param read bytes of `left` that were read from the connection. */
  giveBack(read: number): void;
}

/** The progress of a body, while it moves. Times as `performance.now()` of the main thread. */
export interface MovedFigures {
  /** Object bytes received, framing excluded. Of a body that is not verified, those of `first` are not counted. */
  readonly bytes: number;
  readonly firstByteAt: number | undefined;
  readonly lastByteAt: number | undefined;
  readonly clientWaitSeconds: number;
  readonly storeWaitSeconds: number;
  readonly waitsFor: 'client' | 'store' | undefined;
}

export interface Moved {
  /** Why it ended before the store's connection had accepted the last byte; undefined if it has. */
  readonly failure: Failure | undefined;
  /** Bytes that were read from the client's connection. */
  readonly read: number;
  /** Bytes that the store's connection accepted. */
  readonly sent: number;
  /** Just before the last of them was sent, as `performance.now()`. */
  readonly lastSentAt: number;
  /** Whether the kernel moved all of them, and none came into the process. */
  readonly spliced: boolean;
}

/** A body on its way. */
export interface Movement {
  readonly figures: MovedFigures;
  /** Never rejects. The pump no longer uses either connection then. */
  readonly done: Promise<Moved>;
  /** Ends it with this failure, unless it has ended. */
  abort(failure: Failure): void;
}

/** A body towards the store that a pump moves. */
export interface MovedBody {
  /** Sent ahead by the owner of the store's connection; may be empty. */
  readonly first: Buffer;
  /**
   * Moves the rest.
   * @param store connection whose earlier writes have been flushed.
   * @param stallMillis longest time in which the store may read nothing.
   */
  begin(store: Socket, stallMillis: number): Movement;
}
