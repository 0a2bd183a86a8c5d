/** What the main thread and the exporter thread send to each other. */

import type { LookupAddress, LookupOptions } from 'node:dns';
import type { SpanExporterName } from '../domain/span-exporters.ts';
import type { TlsFiles } from './collector-tls.ts';
import type { DropReason } from './drop-reason.ts';
import type { Signal } from './signal.ts';

/**
 * A sequence of encoded items: the fields `ScopeSpans.spans`, `ScopeMetrics.metrics` or `ScopeLogs.log_records`, which have
 * number 2 in each of these messages.
 */
export interface Batch {
  /** Unique within its signal. */
  readonly id: number;
  readonly items: number;
  /** Its memory is transferred, not copied, when it goes to the thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type ToExporter =
  /** First message of a signal. */
  | { readonly type: 'open'; readonly signal: Signal; readonly settings: ExportSettings }
  | { readonly type: 'batch'; readonly signal: Signal; readonly batch: Batch }
  /** Every batch of the signal must have its result within this time; the response is `closed`. */
  | { readonly type: 'close'; readonly signal: Signal; readonly millis: number }
  | ({ readonly type: 'looked_up' } & LookupAnswer);

/** One of the two. An error is not sent as it is: its code would be lost on the way. */
export interface LookupAnswer {
  readonly addresses?: LookupAddress[];
  readonly error?: { readonly code: string | undefined; readonly message: string };
}

/** Why the exporter thread drops items. */
export type ExportDropReason = Extract<
  DropReason,
  'rejected' | 'deadline' | 'shutdown' | 'too_large' | 'fallback_failed'
>;

/** What became of a batch. Every batch gets exactly one, and its numbers add up to the items of the batch. */
export interface DeliveryResult {
  readonly exported: number;
  /** Written to the fallback. */
  readonly saved: number;
  readonly dropped: Readonly<Partial<Record<ExportDropReason, number>>>;
  /** The collector's message, or why it was unreachable: printable, at most 200 characters. */
  readonly message?: string | undefined;
}

export type FromExporter =
  | {
      readonly type: 'settled';
      readonly signal: Signal;
      readonly id: number;
      readonly result: DeliveryResult;
      /** The memory of the batch, to be used again; transferred. */
      readonly memory: ArrayBuffer;
    }
  /** An attempt failed and the batch will be sent again. */
  | { readonly type: 'attempt_failed'; readonly signal: Signal; readonly message: string }
  /** The circuit breaker has changed its state. */
  | { readonly type: 'breaker'; readonly signal: Signal; readonly open: boolean }
  /** `looked_up` is the response; there is no second request before it. */
  | { readonly type: 'look_up'; readonly hostname: string; readonly options: LookupOptions }
  | { readonly type: 'closed'; readonly signal: Signal };

/** Where spans go that the collector does not accept. */
export type FallbackSettings =
  | { readonly to: 'console' }
  | {
      readonly to: 'file';
      /** Absolute. */
      readonly path: string;
      /** Size of one file at which the next is begun, in bytes. */
      readonly maxBytes: number;
      /** Most files that are kept. */
      readonly maxFiles: number;
    };

/** How the exporter thread reaches the collector of one signal. */
export interface ExportSettings {
  /** `console` writes spans to the standard output and sends nothing to a collector. */
  readonly exporter: SpanExporterName;
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  /** Appended to the endpoint with `http/protobuf`, unless it ends so already. */
  readonly path: string;
  readonly compression: 'gzip' | 'none';
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absolute path of a file with further headers, which wins over `headers`, and is read again when it changes. */
  readonly headersFile?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** Traces only. */
  readonly fallback?: FallbackSettings | undefined;
  /** Longest time of one attempt. */
  readonly timeoutMillis: number;
  /** Longest time from a batch's arrival in the thread to its delivery, retries included. */
  readonly deadlineMillis: number;
  readonly userAgent: string;
  /** Encoded field 1 of ResourceSpans, ResourceMetrics or ResourceLogs: the resource. */
  readonly resource: Uint8Array;
  /** Encoded field 1 of ScopeSpans, ScopeMetrics or ScopeLogs: the scope. */
  readonly scope: Uint8Array;
}
