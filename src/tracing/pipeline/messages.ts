/** What the main thread and the exporter thread say to each other. */
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { SpanExporterName } from '../../domain/span-exporters.ts';
import type { TlsFiles } from '../../kit/collector-tls.ts';
import type { DropReason } from './drop-reason.ts';

/** A row of encoded `ScopeSpans.spans` fields. */
export interface Batch {
  readonly id: number;
  readonly spans: number;
  /** Its memory is transferred, not copied, when it goes to the thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type ToExporter =
  | { readonly type: 'batch'; readonly batch: Batch }
  /** Everything must be settled within so many milliseconds; `closed` is the answer. */
  | { readonly type: 'close'; readonly millis: number }
  | ({ readonly type: 'looked_up' } & LookupAnswer);

/** One of the two. An error is not sent as it is: its code would be left behind. */
export interface LookupAnswer {
  readonly addresses?: LookupAddress[];
  readonly error?: { readonly code: string | undefined; readonly message: string };
}

/** Why the exporter thread gives spans up. */
export type ExportDropReason = Extract<
  DropReason,
  'rejected' | 'deadline' | 'shutdown' | 'too_large' | 'fallback_failed'
>;

/** What became of a batch. Every batch gets exactly one, and its numbers are all the spans of the batch. */
export interface Settlement {
  readonly exported: number;
  /** Written to the fallback. */
  readonly saved: number;
  readonly dropped: Readonly<Partial<Record<ExportDropReason, number>>>;
  /** What the collector said or why it could not be asked: printable, at most 200 characters. */
  readonly message?: string | undefined;
}

export type FromExporter =
  | {
      readonly type: 'settled';
      readonly id: number;
      readonly settlement: Settlement;
      /** What its bytes stood in, to be used again; transferred. */
      readonly memory: ArrayBuffer;
    }
  /** An attempt failed and the batch will be tried again. */
  | { readonly type: 'trouble'; readonly message: string }
  /** Whether the collector counts as gone, whenever that changes. */
  | { readonly type: 'broken'; readonly broken: boolean }
  /** `looked_up` is the answer; there is no second question before it. */
  | { readonly type: 'look_up'; readonly hostname: string; readonly options: LookupOptions }
  | { readonly type: 'closed' };

/** Where spans go that the collector does not get. */
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

/** How the exporter thread reaches the collector; handed over when it starts. */
export interface ExporterSettings {
  /** `console` writes spans to the standard output, and asks no collector. */
  readonly exporter: SpanExporterName;
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  /** Added to the endpoint with `http/protobuf`, unless it is there. */
  readonly tracesPath: string;
  readonly compression: 'gzip' | 'none';
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absolute path of a file with further headers, which counts for what stands in both, and is read again when it changes. */
  readonly headersFile?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly fallback?: FallbackSettings | undefined;
  /** Longest time of one attempt. */
  readonly timeoutMillis: number;
  /** Longest time from a batch's arrival in the thread to its delivery, retries included. */
  readonly deadlineMillis: number;
  readonly userAgent: string;
  /** Encoded fields of ResourceSpans and ScopeSpans that stand before the spans. */
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
}
