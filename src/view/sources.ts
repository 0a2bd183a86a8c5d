/** Where the view gets its documents: from this process, from its workers, or from both. */
import type {
  ConfigDocument,
  FailureGroup,
  HealthDocument,
  RecentRequest,
  Service,
  TracesDocument,
  Upload,
  UploadsDocument,
  ViewDocument,
} from './documents.ts';

/** What one process that serves uploads knows. Plain data only: it may come from another process. */
export interface ProcessView {
  uploads(): Promise<UploadsOfProcess>;
  /** Newest first. @param since only those with a higher `sequence`. */
  requests(since: number): Promise<RequestsOfProcess>;
  /** The spans of a trace as an OTLP request in JSON (OTLP specification, "JSON Protobuf Encoding"); undefined if there are none. */
  trace(traceId: string): Promise<string | undefined>;
  health(): Promise<HealthOfProcess>;
}

export interface UploadsOfProcess {
  readonly total: number;
  /** The longest-running ones. */
  readonly uploads: readonly Upload[];
}

export interface RequestsOfProcess {
  /** Of the newest request. */
  readonly sequence: number;
  readonly requests: readonly RecentRequest[];
}

export interface HealthOfProcess {
  readonly services: readonly Service[];
  readonly failures: readonly FailureGroup[];
}

export interface ViewedProcess {
  /** Of all workers so far; 0 without workers. */
  readonly id: number;
  /** Number of the worker from 1; null without workers. */
  readonly worker: number | null;
  readonly view: ProcessView;
}

/** The whole gateway, as the HTTP interface shows it. */
export interface ViewSource {
  view(): ViewDocument;
  uploads(): Promise<UploadsDocument>;
  traces(): Promise<TracesDocument>;
  /** Requests that ended since the last call with the same mark. */
  newTraces(mark: TraceMark): Promise<TracesDocument>;
  trace(traceId: string): Promise<string | undefined>;
  health(): Promise<HealthDocument>;
  config(): Promise<ConfigDocument>;
}

/** Up to which request a watcher has seen each process. Empty at its begin. */
export type TraceMark = Map<number, number>;
