/**
 * Maps OpenTelemetry variables to settings (OTel specification, "Environment Variable Specification" and "OTLP Exporter
 * Configuration"), and lists unsupported ones. docs/variables.md documents them.
 */
import type { Environment } from './expand.ts';
import type { Parsed } from './field.ts';
import type { OtlpConfig } from './otlp.ts';

export interface VariableSetting {
  /** Below `tracing`. */
  readonly path: string;
  /** The first one that is set and valid applies. */
  readonly variables: readonly string[];
  /** From the syntax of the variable to that of the file; undefined for unsupported values. */
  readonly translate?: (text: string, env: Environment, otlp: OtlpConfig) => string | undefined;
  /** Whether an invalid value prevents the start, because spans would be sent to the wrong collector. */
  readonly required?: true;
}

/** The trimmed value of a variable; undefined if it is not set or empty. */
export function variableOf(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

export const otlpVariables = (name: string): readonly string[] => [
  `OTEL_EXPORTER_OTLP_TRACES_${name}`,
  `OTEL_EXPORTER_OTLP_${name}`,
];
const otlp = otlpVariables;
const seconds = (text: string): string | undefined => (/^\d+$/.test(text) ? String(Number(text) / 1000) : undefined);
const word = (text: string): string => text.toLowerCase();

/** Ordered by dependency: the endpoint depends on the protocol, the compression on the endpoint. */
export const SETTINGS: readonly VariableSetting[] = [
  { path: 'service_name', variables: ['OTEL_SERVICE_NAME'] },
  { path: 'exporter', variables: ['OTEL_TRACES_EXPORTER'], translate: word },
  { path: 'otlp.protocol', variables: otlp('PROTOCOL'), translate: word },
  // The URL for traces is used as it is, without an added path ("OTLP Exporter Configuration", "Endpoint URLs for OTLP/HTTP").
  { path: 'otlp.traces_path', variables: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], translate: () => '' },
  { path: 'otlp.endpoint', variables: otlp('ENDPOINT'), translate: withScheme, required: true },
  { path: 'otlp.timeout_seconds', variables: otlp('TIMEOUT'), translate: seconds },
  { path: 'otlp.compression', variables: otlp('COMPRESSION'), translate: word },
  { path: 'otlp.tls.ca_file', variables: otlp('CERTIFICATE'), required: true },
  { path: 'otlp.tls.cert_file', variables: otlp('CLIENT_CERTIFICATE'), required: true },
  { path: 'otlp.tls.key_file', variables: otlp('CLIENT_KEY'), required: true },
  { path: 'batch.max_queue_size', variables: ['OTEL_BSP_MAX_QUEUE_SIZE'] },
  { path: 'batch.scheduled_delay_millis', variables: ['OTEL_BSP_SCHEDULE_DELAY'] },
  { path: 'batch.max_export_batch_size', variables: ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'] },
  {
    path: 'limits.attribute_count_limit',
    variables: ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
  },
  {
    path: 'limits.attribute_value_length_limit',
    variables: ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
  },
  { path: 'limits.event_count_limit', variables: ['OTEL_SPAN_EVENT_COUNT_LIMIT'] },
  { path: 'limits.link_count_limit', variables: ['OTEL_SPAN_LINK_COUNT_LIMIT'] },
  { path: 'limits.event_attribute_count_limit', variables: ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'] },
  { path: 'limits.link_attribute_count_limit', variables: ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'] },
];

/** With gRPC, an endpoint without a scheme uses TLS unless the INSECURE variable is true. */
function withScheme(text: string, env: Environment, { protocol }: OtlpConfig): string {
  if (protocol !== 'grpc' || /^[a-z]+:\/\//i.test(text)) return text;
  const insecure = otlp('INSECURE').map((name) => variableOf(env, name));
  return `${insecure.find(Boolean)?.toLowerCase() === 'true' ? 'http' : 'https'}://${text}`;
}

/** Boolean variables, and what `false` means. */
export const BOOLEANS: Readonly<Record<string, string>> = {
  OTEL_SDK_DISABLED: 'tracing stays enabled',
  OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'an endpoint without a scheme uses TLS',
  OTEL_EXPORTER_OTLP_INSECURE: 'an endpoint without a scheme uses TLS',
};

/** OTEL_TRACES_SAMPLER: the values of the specification; `ratio` if OTEL_TRACES_SAMPLER_ARG does not set it. */
export const SAMPLERS: Readonly<Record<string, { readonly strategy: string; readonly ratio?: number }>> = {
  always_on: { strategy: 'always', ratio: 1 },
  always_off: { strategy: 'never', ratio: 1 },
  traceidratio: { strategy: 'ratio' },
  parentbased_always_on: { strategy: 'parent_based', ratio: 1 },
  parentbased_always_off: { strategy: 'parent_based', ratio: 0 },
  parentbased_traceidratio: { strategy: 'parent_based' },
};

/** Variables that SDK users expect and the gateway ignores, with what applies instead; `accepted` is a value that needs no warning. */
export const IGNORED: Readonly<Record<string, { reason: string; instead: string; accepted?: string }>> = {
  OTEL_CONFIG_FILE: {
    reason: 'is not supported',
    instead: "the gateway's own configuration file applies, then the other OpenTelemetry variables",
  },
  OTEL_LOG_LEVEL: {
    reason: 'is the log level of an SDK, and would silence request logs',
    instead: 'logging.level applies',
  },
  OTEL_METRICS_EXEMPLAR_FILTER: {
    reason: 'is not supported',
    instead: 'exemplars refer to sampled traces (trace_based)',
    accepted: 'trace_based',
  },
  OTEL_BSP_EXPORT_TIMEOUT: {
    reason: 'is not supported',
    instead: 'tracing.otlp.timeout_seconds limits an attempt, and a batch is dropped after one minute',
  },
};

/** `key1=value1,key2=value2`, values percent-encoded (W3C Baggage, without properties). */
export function pairsOf(text: string): Parsed<Record<string, string>> {
  const value: Record<string, string> = {};
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const equals = part.indexOf('=');
    const key = part.slice(0, equals).trim();
    if (equals < 1 || key === '')
      return { wrong: 'is not a list of key=value pairs', hint: 'separate the pairs with commas' };
    try {
      value[key] = decodeURIComponent(part.slice(equals + 1).trim());
    } catch {
      return { wrong: 'has a value that is not percent-encoded', hint: 'write % as %25' };
    }
  }
  return { value };
}
