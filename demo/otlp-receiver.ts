/** A collector for the demo: receives OTLP over http/protobuf, groups spans by trace, and reports when a trace is complete. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { doubleValue, type Field, readFields, signedValue } from '../src/kit/protobuf.ts';
import type { ReceivedSpan } from './received-span.ts';

export interface OtlpReceiver {
  readonly url: string;
  /** The spans of a trace, once all its requests are over: once the given number of SERVER spans has arrived. */
  trace(traceId: string, serverSpans: number): Promise<ReceivedSpan[]>;
  close(): Promise<void>;
}

/** Milliseconds after which an incomplete trace is an error. */
const TIMEOUT = 15_000;

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const traces = new Map<string, ReceivedSpan[]>();
  let wake: () => void = () => {};
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const message = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    for (const span of spansOf(message)) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    wake();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const isComplete = (spans: readonly ReceivedSpan[], serverSpans: number): boolean =>
    spans.filter(({ name }) => name === 'http.server.request').length >= serverSpans;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async trace(traceId, serverSpans) {
      const timeout = AbortSignal.timeout(TIMEOUT);
      for (;;) {
        const spans = traces.get(traceId) ?? [];
        if (isComplete(spans, serverSpans)) return spans;
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          timeout.onabort = () => reject(new Error(`the trace ${traceId} did not arrive`));
        });
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** ExportTraceServiceRequest → ResourceSpans → ScopeSpans → Span (opentelemetry-proto, trace/v1/trace.proto). */
function spansOf(request: Uint8Array): ReceivedSpan[] {
  return messages(request, 1).flatMap((resource) =>
    messages(resource, 2).flatMap((scope) => messages(scope, 2).map((span) => readSpan(span))),
  );
}

function readSpan(message: Uint8Array): ReceivedSpan {
  const fields = new Map<number, Field['value']>();
  const attributes = new Map<string, string | number | boolean>();
  for (const { number, value } of readFields(message)) {
    if (number === 9) readAttribute(value as Uint8Array, attributes);
    else fields.set(number, value);
  }
  const status = new Map<number, Field['value']>();
  for (const { number, value } of readFields((fields.get(15) as Uint8Array | undefined) ?? new Uint8Array()))
    status.set(number, value);
  return {
    traceId: hex(fields.get(1)),
    spanId: hex(fields.get(2)),
    parentSpanId: hex(fields.get(4)),
    name: text(fields.get(5)),
    start: fields.get(7) as bigint,
    end: fields.get(8) as bigint,
    attributes,
    failed: status.get(3) === 2n,
    statusMessage: text(status.get(2)),
  };
}

function readAttribute(message: Uint8Array, into: Map<string, string | number | boolean>): void {
  let key = '';
  for (const { number, value } of readFields(message)) {
    if (number === 1) key = text(value);
    else for (const any of readFields(value as Uint8Array)) into.set(key, scalar(any));
  }
}

/** AnyValue (common/v1/common.proto): 1 string, 2 bool, 3 int, 4 double; lists are shown by their size. */
function scalar({ number, value }: Field): string | number | boolean {
  if (number === 2) return value === 1n;
  if (number === 3) return signedValue(value as bigint);
  if (number === 4) return doubleValue(value as bigint);
  return number === 1 ? text(value) : '[…]';
}

function messages(message: Uint8Array, number: number): Uint8Array[] {
  return [...readFields(message)].filter((field) => field.number === number).map((field) => field.value as Uint8Array);
}

const text = (value: Field['value'] | undefined): string =>
  Buffer.from((value as Uint8Array | undefined) ?? []).toString('utf8');
const hex = (value: Field['value'] | undefined): string =>
  Buffer.from((value as Uint8Array | undefined) ?? []).toString('hex');
