/** What the main thread and the exporter thread say to each other. */

/** A row of encoded `ScopeSpans.spans` fields. */
export interface Batch {
  readonly id: number;
  readonly spans: number;
  /** Transferred, not copied, when it goes to the thread. */
  readonly bytes: ArrayBuffer;
}

export type ToExporter =
  | { readonly type: 'batch'; readonly batch: Batch }
  /** Everything must be settled within so many milliseconds; `closed` is the answer. */
  | { readonly type: 'close'; readonly millis: number };

/** What became of a batch. Every batch gets exactly one. */
export interface Settlement {
  readonly exported: number;
  readonly dropped: number;
  readonly reason: 'rejected' | 'deadline' | 'shutdown';
  /** What the collector said or why it could not be asked: printable, at most 200 characters. */
  readonly message?: string | undefined;
}

export type FromExporter =
  | { readonly type: 'settled'; readonly id: number; readonly settlement: Settlement }
  /** An attempt failed and the batch will be tried again. */
  | { readonly type: 'trouble'; readonly message: string }
  | { readonly type: 'closed' };

/** How the exporter thread reaches the collector; handed over when it starts. */
export interface ExporterSettings {
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  readonly compression: 'gzip' | 'none';
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Longest time of one attempt. */
  readonly timeoutMillis: number;
  /** Longest time from a batch's arrival in the thread to its delivery, retries included. */
  readonly deadlineMillis: number;
  readonly userAgent: string;
  /** Encoded fields of ResourceSpans and ScopeSpans that stand before the spans. */
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
}
