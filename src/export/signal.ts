/** The three signals of OpenTelemetry, and what differs between them on the way to a collector. */

interface SignalShape {
  /** Default path of OTLP/HTTP (opentelemetry-proto, "OTLP/HTTP Request"). */
  readonly path: string;
  /** Full name of the gRPC method. */
  readonly method: string;
  /** Section of the configuration, for errors. */
  readonly section: string;
  /** Begins the names of fields in the log, such as `spans_dropped`. */
  readonly fieldPrefix: string;
  /** Messages of the log. */
  readonly lines: {
    readonly failing: string;
    readonly stillFailing: string;
    readonly recovered: string;
    readonly warning: string;
    readonly lost: string;
  };
}

export const SIGNALS = {
  traces: {
    path: '/v1/traces',
    method: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    section: 'tracing',
    fieldPrefix: 'spans',
    lines: {
      failing: 'spans are not delivered',
      stillFailing: 'spans are still not delivered',
      recovered: 'spans are delivered again',
      warning: 'the collector accepted the spans with a warning',
      lost: 'spans were dropped at shutdown',
    },
  },
  metrics: {
    path: '/v1/metrics',
    method: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    section: 'metrics.otlp',
    fieldPrefix: 'metrics',
    lines: {
      failing: 'metrics are not delivered',
      stillFailing: 'metrics are still not delivered',
      recovered: 'metrics are delivered again',
      warning: 'the collector accepted the metrics with a warning',
      lost: 'metrics were dropped at shutdown',
    },
  },
  logs: {
    path: '/v1/logs',
    method: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    section: 'logging.otlp',
    fieldPrefix: 'log_records',
    lines: {
      failing: 'log records are not delivered',
      stillFailing: 'log records are still not delivered',
      recovered: 'log records are delivered again',
      warning: 'the collector accepted the log records with a warning',
      lost: 'log records were dropped at shutdown',
    },
  },
} as const satisfies Record<string, SignalShape>;

export type Signal = keyof typeof SIGNALS;
