/**
 * The interface of a pump: it moves a body from the client's connection to the store's without the main thread. Both connections
 * stay with their owners, which use them again afterwards.
 */
import type { Socket } from 'node:net';
import type { ChecksumName } from './checksums.ts';
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
  /** When that wait began. */
  readonly waitsSince: number;
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
  /** The side that it waited for at its end. */
  readonly waitedFor: 'client' | 'store' | undefined;
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

export interface Filled {
  /** Why it ended before all bytes were in memory and verified; undefined if they are. */
  readonly failure: Failure | undefined;
  /** Bytes that were read from the client's connection. */
  readonly read: number;
  /** The side that it waited for at its end. */
  readonly waitedFor: 'client' | 'store' | undefined;
  /** Of the whole body, in base64. */
  readonly checksums: ReadonlyMap<ChecksumName, string>;
  /** Of the bytes since the last `endPart`, in base64; undefined without a checksum for each part. */
  readonly partChecksum: string | undefined;
}

/** A body on its way into memory. */
export interface Filling {
  readonly figures: MovedFigures;
  /** Never rejects. The pump no longer uses the connection or the memory then. */
  readonly done: Promise<Filled>;
  /** Resolves with true when all memory is full and more bytes have arrived, or with false at the end. */
  wantsMemory(): Promise<boolean>;
  /** Memory for the next bytes. It belongs to the filling until it is full or the filling has ended. */
  give(memory: Buffer): void;
  /** Call it only while all memory is full. @returns the checksum of the bytes since the last call, `first` included, as above. */
  endPart(): Promise<string | undefined>;
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
