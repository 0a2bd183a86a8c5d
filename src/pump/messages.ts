/** The messages between the main thread and a pump thread. Everything that happens for each piece is in shared memory instead. */
import type { MessagePort } from 'node:worker_threads';
import type { FailureMessage } from './failure-message.ts';
import type { VerifiedPlan } from './verifier.ts';

/** What a thread starts with. Its first message tells that it has started. */
export interface ThreadData {
  readonly port: MessagePort;
  /** The figures of all its transfers. */
  readonly shared: SharedArrayBuffer;
  /** The descriptor that wakes it while it waits for connections. */
  readonly wake: number;
  /** The list of its own descriptors. */
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
  readonly store: number;
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
}

export type Command =
  | { readonly kind: 'begin'; readonly task: TransferTask }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'stop' };

/** The end of a transfer. The thread has closed its descriptors. */
export interface Report {
  readonly id: number;
  readonly failure: FailureMessage | 'aborted' | undefined;
  /** Bytes that were read from the client, and bytes that the store's connection accepted. */
  readonly read: number;
  readonly sent: number;
  /** Whether the kernel moved them. */
  readonly spliced: boolean;
}
