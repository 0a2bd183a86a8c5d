/** OpenTelemetry variables of the specification that the gateway ignores, and what applies instead. */
import { otlpVariables } from './otel-variables.ts';
import type { SignalSection } from './signals-draft.ts';

export interface IgnoredVariable {
  /** Follows the variable. */
  readonly reason: string;
  /** What applies instead. */
  readonly instead: string;
  /** A value that matches the behaviour and needs no warning. */
  readonly accepted?: string;
  /** The signal that it belongs to. It is not reported while that is disabled. */
  readonly signal?: SignalSection;
}

const FIXED_QUEUE = 'log records are queued up to 8192 and sent in batches of 512, after one second at the latest';
const record = (accepted?: string): IgnoredVariable => ({
  reason: 'is not supported',
  instead: FIXED_QUEUE,
  signal: 'logging',
  ...(accepted !== undefined && { accepted }),
});
const NOT_SUPPORTED = 'is not supported';
const OWN_FILE = {
  reason: NOT_SUPPORTED,
  instead: "the gateway's own configuration file applies, then the other OpenTelemetry variables",
};
const WHOLE_RECORDS: IgnoredVariable = {
  reason: NOT_SUPPORTED,
  instead: 'log records are exported as they are written to standard output',
  signal: 'logging',
};
const NO_ZIPKIN: IgnoredVariable = {
  reason: 'belongs to the Zipkin exporter, which does not exist here',
  instead: 'spans are exported with OTLP, which Zipkin receives through a collector',
  signal: 'tracing',
};
const ADMIN_PORT: IgnoredVariable = {
  reason: NOT_SUPPORTED,
  instead: 'admin.address and admin.port apply',
  signal: 'metrics',
};
const OBSOLETE: IgnoredVariable = { reason: 'is obsolete', instead: 'use OTEL_EXPORTER_OTLP_INSECURE' };

export const IGNORED: Readonly<Record<string, IgnoredVariable>> = {
  OTEL_CONFIG_FILE: OWN_FILE,
  OTEL_EXPERIMENTAL_CONFIG_FILE: OWN_FILE,
  OTEL_LOG_LEVEL: {
    reason: 'is the log level of an SDK, and would silence request logs',
    instead: 'logging.level applies',
  },
  OTEL_ENTITIES: { reason: NOT_SUPPORTED, instead: 'set the attributes in OTEL_RESOURCE_ATTRIBUTES' },
  OTEL_SEMCONV_STABILITY_OPT_IN: {
    reason: NOT_SUPPORTED,
    instead: 'tracing.semantic_conventions applies',
    signal: 'tracing',
  },
  OTEL_BSP_EXPORT_TIMEOUT: {
    reason: NOT_SUPPORTED,
    instead: 'tracing.otlp.timeout_seconds limits an attempt, and a batch is dropped after one minute',
    signal: 'tracing',
  },
  OTEL_BLRP_SCHEDULE_DELAY: record('1000'),
  OTEL_BLRP_EXPORT_TIMEOUT: {
    reason: NOT_SUPPORTED,
    instead: 'logging.otlp.timeout_seconds limits an attempt, and a batch is dropped after one minute',
    signal: 'logging',
  },
  OTEL_BLRP_MAX_QUEUE_SIZE: record('8192'),
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: record('512'),
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: WHOLE_RECORDS,
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: WHOLE_RECORDS,
  OTEL_METRIC_EXPORT_TIMEOUT: {
    reason: NOT_SUPPORTED,
    instead:
      'metrics.otlp.timeout_seconds limits an attempt, and an export is dropped after one minute or one interval',
    signal: 'metrics',
  },
  OTEL_METRICS_EXEMPLAR_FILTER: {
    reason: NOT_SUPPORTED,
    instead: 'exemplars refer to sampled traces (trace_based)',
    accepted: 'trace_based',
  },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    reason: NOT_SUPPORTED,
    instead: 'metrics are cumulative',
    accepted: 'cumulative',
    signal: 'metrics',
  },
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: {
    reason: NOT_SUPPORTED,
    instead: 'histograms have explicit buckets',
    accepted: 'explicit_bucket_histogram',
    signal: 'metrics',
  },
  OTEL_EXPORTER_OTLP_SPAN_INSECURE: { ...OBSOLETE, signal: 'tracing' },
  OTEL_EXPORTER_OTLP_METRIC_INSECURE: { ...OBSOLETE, signal: 'metrics' },
  OTEL_EXPORTER_PROMETHEUS_HOST: ADMIN_PORT,
  OTEL_EXPORTER_PROMETHEUS_PORT: ADMIN_PORT,
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: NO_ZIPKIN,
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: NO_ZIPKIN,
  OTEL_EXPORTER_ZIPKIN_PROTOCOL: NO_ZIPKIN,
};

const insecure = (section: SignalSection): readonly (readonly [string, SignalSection, string])[] =>
  otlpVariables(section, 'INSECURE').map((name) => [name, section, 'an endpoint without a scheme uses TLS'] as const);

/** Boolean variables, their signal, and what `false` means. A variable of several signals is listed for each. */
export const BOOLEANS: readonly (readonly [name: string, signal: SignalSection | undefined, meaning: string])[] = [
  ['OTEL_SDK_DISABLED', undefined, 'tracing stays enabled'],
  ...insecure('tracing'),
  ...insecure('metrics'),
  ...insecure('logging'),
];
