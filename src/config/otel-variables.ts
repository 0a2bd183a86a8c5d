/**
 * Which variable of OpenTelemetry stands for which setting of ours (OTel specification, "Environment Variable Specification" and
 * "OTLP Exporter Configuration"), and those that have none here. docs/variables.md has them for users.
 */
import type { Environment } from './expand.ts';
import type { Parsed } from './field.ts';
import type { OtlpConfig } from './otlp.ts';

export interface VariableSetting {
  /** Below `tracing`. */
  readonly path: string;
  /** The first that is set and makes sense counts. */
  readonly variables: readonly string[];
  /** From the variable's spelling to the file's; undefined for what is not offered here. */
  readonly translate?: (text: string, env: Environment, otlp: OtlpConfig) => string | undefined;
  /** Whether what makes no sense ends the start: without it spans would go elsewhere. */
  readonly vital?: true;
}

/** Of a variable that is empty as of one that is not set. */
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

/** In this order, in which one follows from another: the endpoint from the protocol, the compression from the endpoint. */
export const SETTINGS: readonly VariableSetting[] = [
  { path: 'service_name', variables: ['OTEL_SERVICE_NAME'] },
  { path: 'exporter', variables: ['OTEL_TRACES_EXPORTER'], translate: word },
  { path: 'otlp.protocol', variables: otlp('PROTOCOL'), translate: word },
  // The URL for traces is taken as it is: no path is added to it ("OTLP Exporter Configuration", "Endpoint URLs for OTLP/HTTP").
  { path: 'otlp.traces_path', variables: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], translate: () => '' },
  { path: 'otlp.endpoint', variables: otlp('ENDPOINT'), translate: withScheme, vital: true },
  { path: 'otlp.timeout_seconds', variables: otlp('TIMEOUT'), translate: seconds },
  { path: 'otlp.compression', variables: otlp('COMPRESSION'), translate: word },
  { path: 'otlp.tls.ca_file', variables: otlp('CERTIFICATE'), vital: true },
  { path: 'otlp.tls.cert_file', variables: otlp('CLIENT_CERTIFICATE'), vital: true },
  { path: 'otlp.tls.key_file', variables: otlp('CLIENT_KEY'), vital: true },
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

/** With gRPC an address may come without a scheme, and then means TLS unless it is said to be insecure. */
function withScheme(text: string, env: Environment, { protocol }: OtlpConfig): string {
  if (protocol !== 'grpc' || /^[a-z]+:\/\//i.test(text)) return text;
  const insecure = otlp('INSECURE').map((name) => variableOf(env, name));
  return `${insecure.find(Boolean)?.toLowerCase() === 'true' ? 'http' : 'https'}://${text}`;
}

/** Those that are `true` or `false`, and what the latter means. */
export const BOOLEANS: Readonly<Record<string, string>> = {
  OTEL_SDK_DISABLED: 'tracing stays on',
  OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'a bare host:port means TLS',
  OTEL_EXPORTER_OTLP_INSECURE: 'a bare host:port means TLS',
};

/** OTEL_TRACES_SAMPLER: those of the specification; `ratio` where it is not OTEL_TRACES_SAMPLER_ARG. */
export const SAMPLERS: Readonly<Record<string, { readonly strategy: string; readonly ratio?: number }>> = {
  always_on: { strategy: 'always', ratio: 1 },
  always_off: { strategy: 'never', ratio: 1 },
  traceidratio: { strategy: 'ratio' },
  parentbased_always_on: { strategy: 'parent_based', ratio: 1 },
  parentbased_always_off: { strategy: 'parent_based', ratio: 0 },
  parentbased_traceidratio: { strategy: 'parent_based' },
};

/** Those that users of an SDK expect to count and that do not, with what counts instead; `well` holds what counts anyway. */
export const NOT_FOLLOWED: Readonly<Record<string, { reason: string; instead: string; well?: string }>> = {
  OTEL_CONFIG_FILE: {
    reason: 'names a file that is not read: this gateway has one of its own',
    instead: 'that one counts, and under it the other variables of OpenTelemetry',
  },
  OTEL_LOG_LEVEL: {
    reason: 'is the level of an SDK, and would silence the lines of the requests',
    instead: 'logging.level counts',
  },
  OTEL_METRICS_EXEMPLAR_FILTER: {
    reason: 'cannot be followed',
    instead: 'exemplars are of traces that are kept (trace_based)',
    well: 'trace_based',
  },
  OTEL_BSP_EXPORT_TIMEOUT: {
    reason: 'cannot be set',
    instead: 'an attempt has tracing.otlp.timeout_seconds, a batch a minute',
  },
};

/** `key1=value1,key2=value2`, values percent-encoded (W3C Baggage, without properties). */
export function pairsOf(text: string): Parsed<Record<string, string>> {
  const value: Record<string, string> = {};
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const equals = part.indexOf('=');
    const key = part.slice(0, equals).trim();
    if (equals < 1 || key === '')
      return { wrong: 'is not a list of key=value', mend: 'separate the pairs with commas' };
    try {
      value[key] = decodeURIComponent(part.slice(equals + 1).trim());
    } catch {
      return { wrong: 'has a value that is not percent-encoded', mend: 'write % as %25' };
    }
  }
  return { value };
}
