/** The messages between the main thread and a pump thread. Everything that happens for each piece is in shared memory instead. */
import type { MessagePort } from 'node:worker_threads';
import type { ChecksumName } from '../body/checksum.ts';
import type { Checksums } from '../body/object-decoder.ts';
import type { FailureMessage } from './failure-message.ts';
import type { VerifiedPlan } from './verifier.ts';

/** What a thread starts with. Its first message tells that it has started. */
export interface ThreadData {
  readonly port: MessagePort;
  /** The figures of all its transfers. */
  readonly shared: SharedArrayBuffer;
  /** The descriptor that wakes it while it waits for connections. */
  readonly wake: number;
  /** The list of the descriptors that it owns. */
  readonly owned: SharedArrayBuffer;
  /** Milliseconds between the clock of all threads and `performance.now()` of the main thread. */
  readonly clockOffset: number;
}

export interface TransferTask {
  readonly id: number;
  /** Of its figures. */
  readonly slot: number;
  /** Descriptors that the thread closes. */
  readonly client: number;
  /** Undefined for a body that goes into memory. */
  readonly store: number | undefined;
  /** Bytes to move; those of `ahead` are the first of them. */
  readonly bytes: number;
  readonly ahead: Uint8Array;
  /** What the thread verifies; undefined for a body that it need not read. */
  readonly plan: VerifiedPlan | undefined;
  /** Bytes that were sent already, and are verified with the others. */
  readonly first: Uint8Array;
  /** Longest wait for the client, and bytes per second that it sends at least: see domain/pace.ts. */
  readonly idleMillis: number;
  readonly leastRate: number;
  /** Longest time in which the store may read nothing. */
  readonly stallMillis: number;
  /** Of a body that goes into memory: the checksum of each of its parts. */
  readonly partChecksum?: ChecksumName | undefined;
}

export type Command =
  | { readonly kind: 'begin'; readonly task: TransferTask }
  | { readonly kind: 'abort'; readonly id: number }
  /** Memory for the next bytes. The main thread keeps it until the end of the transfer. */
  | { readonly kind: 'give'; readonly id: number; readonly address: bigint; readonly size: number }
  | { readonly kind: 'end part'; readonly id: number }
  | { readonly kind: 'stop' };

export type Report = EndReport | FillReport;

/** A body that goes into memory needs more of it, or one of its parts has ended. */
export type FillReport =
  | { readonly kind: 'wants memory'; readonly id: number }
  | { readonly kind: 'part'; readonly id: number; readonly checksum: string | undefined };

/** The end of a transfer. The thread has closed its descriptors, and no longer uses memory of the main thread. */
export interface EndReport {
  readonly kind: 'end';
  readonly id: number;
  readonly failure: FailureMessage | 'aborted' | undefined;
  /** Bytes that were read from the client, and bytes that the store's connection accepted. */
  readonly read: number;
  readonly sent: number;
  /** Whether the kernel moved them. */
  readonly spliced: boolean;
  readonly waitedFor: 'client' | 'store' | undefined;
  /** Of a body that was verified completely. */
  readonly checksums: Checksums | undefined;
  /** Of the last part. */
  readonly partChecksum: string | undefined;
}
