/** The three signals of OpenTelemetry, and what differs between them on the way to a collector. */

interface SignalShape {
  /** Default path of OTLP/HTTP (opentelemetry-proto, "OTLP/HTTP Request"). */
  readonly path: string;
  /** Full name of the gRPC method. */
  readonly method: string;
  /** Plural noun for log lines. */
  readonly noun: string;
  /** Section of the configuration, for errors. */
  readonly section: string;
}

export const SIGNALS = {
  traces: {
    path: '/v1/traces',
    method: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    noun: 'spans',
    section: 'tracing',
  },
  metrics: {
    path: '/v1/metrics',
    method: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    noun: 'metrics',
    section: 'metrics.otlp',
  },
  logs: {
    path: '/v1/logs',
    method: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    noun: 'log records',
    section: 'logging.otlp',
  },
} as const satisfies Record<string, SignalShape>;

export type Signal = keyof typeof SIGNALS;
