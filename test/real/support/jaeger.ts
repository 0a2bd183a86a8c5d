/** A real Jaeger 2, in memory, on ports of its own; and its traces as its API tells them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import { type RealServer, startRealServer } from './real-server.ts';

const SERVER_SPAN = 'http.server.request';

export interface Jaeger extends RealServer {
  /** `http://127.0.0.1:port`, for each protocol. */
  readonly endpoints: Readonly<Record<'grpc' | 'http/protobuf', string>>;
  /** The trace, as soon as so many spans of it are there. */
  trace(traceId: string, spans: number): Promise<JaegerTrace>;
  /** All traces of the gateway, as soon as there are so many requests in them. */
  tracesOf(requests: number, service?: string): Promise<readonly JaegerTrace[]>;
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly JaegerTag[] }>>;
  readonly warnings: readonly string[] | null;
}

export interface JaegerTag {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary';
  readonly value: unknown;
}

export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
  /** Unix microseconds. */
  readonly startTime: number;
  /** Microseconds. */
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

export async function startJaeger(): Promise<Jaeger> {
  const [grpc, http, query, queryGrpc, health] = await freePorts(5);
  const at = (port: number | undefined): string => `127.0.0.1:${port}`;
  const server = await startRealServer({
    name: 'jaeger',
    args: async (folder) => {
      const file = join(folder, 'jaeger.yaml');
      // JSON is YAML.
      await writeFile(
        file,
        JSON.stringify({
          service: {
            extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
            pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
            telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
          },
          extensions: {
            jaeger_query: {
              storage: { traces: 'memory' },
              http: { endpoint: at(query) },
              grpc: { endpoint: at(queryGrpc) },
            },
            jaeger_storage: { backends: { memory: { memory: { max_traces: 10_000 } } } },
            healthcheckv2: { use_v2: true, http: { endpoint: at(health) } },
          },
          receivers: { otlp: { protocols: { grpc: { endpoint: at(grpc) }, http: { endpoint: at(http) } } } },
          exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
        }),
      );
      return ['--config', file];
    },
    healthUrl: `http://${at(health)}/status`,
  });
  const endpoints = { grpc: `http://${at(grpc)}`, 'http/protobuf': `http://${at(http)}` };
  const api = `http://${at(query)}/api/traces`;
  return {
    ...server,
    endpoints,
    trace: (traceId, spans) => readTrace(api, traceId, spans),
    tracesOf: (requests, service = 'mizuchi-uploadr') => readTraces(api, requests, service),
  };
}

function readTrace(api: string, traceId: string, spans: number): Promise<JaegerTrace> {
  return eventually(`Jaeger has ${spans} spans of ${traceId}`, async () => {
    const response = await fetch(`${api}/${traceId}`);
    if (response.status === 404) return undefined;
    const [trace] = ((await response.json()) as { data: JaegerTrace[] }).data;
    return trace !== undefined && trace.spans.length >= spans ? trace : undefined;
  });
}

function readTraces(api: string, requests: number, service: string): Promise<readonly JaegerTrace[]> {
  return eventually(`Jaeger has ${requests} requests`, async () => {
    const response = await fetch(`${api}?service=${service}&limit=1000`);
    const { data } = (await response.json()) as { data: JaegerTrace[] };
    const roots = data.flatMap(({ spans }) => spans).filter(({ operationName }) => operationName === SERVER_SPAN);
    return roots.length >= requests ? data : undefined;
  });
}
