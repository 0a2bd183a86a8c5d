/**
 * OTLP's messages for metrics and logs, decoded by protobufjs, and a collector that keeps them. Field numbers and types are those
 * of opentelemetry-proto 1.11 (metrics/v1, logs/v1): no more of them than the tests look at.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

const PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Exemplar { repeated KeyValue filtered_attributes = 7; fixed64 time_unix_nano = 2; oneof value { double as_double = 3; sfixed64 as_int = 6; } bytes span_id = 4; bytes trace_id = 5; }
message NumberDataPoint { repeated Exemplar exemplars = 5; repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; oneof value { double as_double = 4; sfixed64 as_int = 6; } }
message HistogramDataPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; repeated Exemplar exemplars = 8; repeated KeyValue attributes = 9; fixed64 count = 4; optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; }
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message Metric { string name = 1; string description = 2; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
message Scope { string name = 1; string version = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message ExportMetrics { repeated ResourceMetrics resource_metrics = 1; }
message LogRecord { fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6; fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; string event_name = 12; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message ExportLogs { repeated ResourceLogs resource_logs = 1; }
`;
const root = protobuf.parse(PROTO).root;

/** A request of metrics or logs; 64-bit integers as text, so that times are exact. */
export function decodeSignal(type: 'ExportMetrics' | 'ExportLogs', bytes: Uint8Array): Raw {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: String, bytes: String, defaults: false });
}

// biome-ignore lint/suspicious/noExplicitAny: what protobufjs gives has no type
type Raw = any;

export interface ReceivedSignal {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** `resourceMetrics` or `resourceLogs`. */
  readonly body: Raw;
}

export interface SignalReceiver {
  readonly endpoint: string;
  readonly received: readonly ReceivedSignal[];
  /** Resolves when something has come that fits, and gives it. */
  until(fits: (signal: ReceivedSignal) => boolean): Promise<ReceivedSignal>;
  close(): Promise<void>;
}

export async function receiveSignals(): Promise<SignalReceiver> {
  const received: ReceivedSignal[] = [];
  const waiting = new Set<() => void>();
  const server = http.createServer(async (request, response) => {
    const body = await buffer(request);
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const type = root.lookupType(request.url?.endsWith('/v1/metrics') ? 'ExportMetrics' : 'ExportLogs');
    const options = { longs: Number, bytes: String, defaults: false };
    received.push({
      path: request.url ?? '',
      headers: request.headers,
      body: type.toObject(type.decode(bytes), options),
    });
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    for (const check of waiting) check();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    until: (fits) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = received.find(fits);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Attributes as an object. */
export function plainAttributes(attributes: readonly Raw[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }: Raw) => [key, Object.values(value ?? {})[0]]));
}
