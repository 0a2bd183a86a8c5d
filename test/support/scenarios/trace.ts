/** A trace as a collector returned it, in one form for all collectors. */

export interface ReadSpan {
  readonly name: string;
  readonly spanId: string;
  /** Empty where there is none. */
  readonly parentSpanId: string;
  /** Whether the status is Error. */
  readonly isError: boolean;
  readonly seconds: number;
  /** Unix milliseconds. */
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export type ReadTrace = readonly ReadSpan[];

export const ROOT = 'http.server.request';

/** A collector that scenarios export to, and read their traces from. */
export interface TraceStore {
  /** OTLP over http/protobuf. */
  readonly endpoint: string;
  /** The spans of the trace, as soon as `isComplete` accepts them. */
  trace(traceId: string, isComplete: (trace: ReadTrace) => boolean): Promise<ReadTrace>;
  close(): Promise<unknown>;
}

/** The deepest span with this `error.type`, and of several the first that ended. */
export function failedSpan(trace: ReadTrace, type: string): ReadSpan | undefined {
  const failed = trace.filter(({ attributes }) => attributes['error.type'] === type);
  const depth = ({ parentSpanId }: ReadSpan): number => {
    const parent = trace.find(({ spanId }) => spanId === parentSpanId);
    return parent === undefined ? 0 : 1 + depth(parent);
  };
  return failed.toSorted((a, b) => depth(b) - depth(a) || a.endedAt - b.endedAt)[0];
}
