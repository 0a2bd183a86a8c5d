/** The exporters of spans, as a table; src/export/thread/create-exporter.ts creates them. */

export interface SpanExporterShape {
  /** Where it writes spans; undefined if it sends them to the collector of `tracing.otlp`. */
  readonly destination: string | undefined;
  /** The format there, for `check`. */
  readonly format?: string;
}

const ROWS = {
  otlp: { destination: undefined },
  console: { destination: 'standard output', format: 'one JSON object a line' },
} as const satisfies Record<string, SpanExporterShape>;

export type SpanExporterName = keyof typeof ROWS;

export const SPAN_EXPORTERS: Readonly<Record<SpanExporterName, SpanExporterShape>> = ROWS;

export const SPAN_EXPORTER_NAMES = Object.keys(ROWS) as readonly SpanExporterName[];
