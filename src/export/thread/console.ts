/** Spans on the standard output instead of at a collector: for development, one JSON object a line. */
import { requestToJson } from '../otlp/otlp-json.ts';
import { type Exporter, type ExportResult, printable } from './result.ts';
import { StreamWriter } from './stream-writer.ts';

/** Names of the numbers of OTLP (opentelemetry-proto, trace/v1/trace.proto). */
const KINDS = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

export class ConsoleExporter implements Exporter {
  readonly #output = new StreamWriter(1);

  async export(request: Uint8Array): Promise<ExportResult> {
    try {
      this.#output.write(spansOf(request).map(lineOf).join(''));
      return { type: 'success', rejected: 0 };
    } catch (error) {
      return { type: 'failure', message: printable(`cannot write: ${(error as Error).message}`) };
    }
  }

  close(): void {}
}

function spansOf(request: Uint8Array): readonly JsonSpan[] {
  const { resourceSpans } = JSON.parse(requestToJson(request)) as {
    resourceSpans: { scopeSpans: { spans: JsonSpan[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

function lineOf(span: JsonSpan): string {
  const { traceId, spanId, parentSpanId, name, kind, startTimeUnixNano: start, endTimeUnixNano: end } = span;
  const attributes = Object.fromEntries((span.attributes ?? []).map(({ key, value }) => [key, plain(value)]));
  const line = {
    span: name,
    kind: KINDS[kind - 1],
    trace_id: traceId,
    span_id: spanId,
    parent_span_id: parentSpanId,
    start: new Date(Number(BigInt(start) / 1_000_000n)).toISOString(),
    duration_ms: Number(BigInt(end) - BigInt(start)) / 1e6,
    status: STATUS_CODES[span.status?.code ?? 0],
    status_message: span.status?.message,
    attributes,
  };
  return `${JSON.stringify(line)}\n`;
}

/** Integers are text in OTLP's JSON, which is hard to read. */
function plain(value: Readonly<Record<string, unknown>>): unknown {
  const [[kind, content] = []] = Object.entries(value);
  if (kind === 'intValue') return Number(content);
  if (kind === 'arrayValue') return (content as { values?: Record<string, unknown>[] }).values?.map(plain) ?? [];
  return content;
}
