/** One trace, of which several processes have spans. */

interface OtlpRequest {
  readonly resourceSpans: readonly unknown[];
}

/** @param traces OTLP requests in JSON. @returns one request with the spans of all; undefined without any. */
export function mergedTraces(traces: readonly string[]): string | undefined {
  if (traces.length < 2) return traces[0];
  const resourceSpans = traces.flatMap((trace) => (JSON.parse(trace) as OtlpRequest).resourceSpans);
  return JSON.stringify({ resourceSpans });
}
