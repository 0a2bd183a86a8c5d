/** The link to a trace in the tracing backend, from the template `admin.trace_url`. */

/** What happens shortly before and after the request belongs to its trace. */
const MARGIN_MILLIS = 60_000;

export interface TraceLink {
  readonly url: string;
  readonly host: string;
}

/** @param startedAt Unix time in milliseconds. */
export function traceLink(
  template: string,
  traceId: string,
  startedAt: number,
  seconds: number,
): TraceLink | undefined {
  const start = Math.floor(startedAt - MARGIN_MILLIS);
  const end = Math.ceil(startedAt + seconds * 1000 + MARGIN_MILLIS);
  const url = template
    .replaceAll('{trace_id}', traceId)
    .replaceAll('{start_millis}', String(start))
    .replaceAll('{end_millis}', String(end));
  const parsed = URL.parse(url);
  return parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
    ? { url: parsed.href, host: parsed.host }
    : undefined;
}
