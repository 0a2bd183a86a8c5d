/**
 * OpenTelemetry variables and the settings that they set (OTel specification, "Environment Variable Specification" and "OTLP
 * Exporter Configuration"). docs/variables.md is generated from these tables and those of otel-ignored.ts.
 */
import type { Environment } from './expand.ts';
import { isTrue, seconds, variableOf, word } from './otel-values.ts';
import type { OtlpConfig } from './otlp.ts';
import type { SignalSection } from './signals-draft.ts';

export interface VariableSetting {
  /** Such as `tracing.otlp.endpoint`. */
  readonly path: string;
  /** The first one that is set and valid applies. */
  readonly variables: readonly string[];
  /** From the syntax of the variable to that of the file; undefined for unsupported values. */
  readonly translate?: (text: string, env: Environment, otlp: OtlpConfig | undefined) => string | undefined;
  /** Whether an invalid value prevents the start, because data would be sent to the wrong collector. */
  readonly required?: true;
  /** The variable whose value is used without the normalization of the file. */
  readonly asIs?: string;
  /** For the reference. */
  readonly note: string;
}

/** The word for each signal in the names of variables. */
export const SIGNAL_WORDS = {
  tracing: 'TRACES',
  metrics: 'METRICS',
  logging: 'LOGS',
} as const satisfies Record<SignalSection, string>;

/** The variable of a signal, then the general one. */
export const otlpVariables = (section: SignalSection, name: string): readonly [string, string] => [
  `OTEL_EXPORTER_OTLP_${SIGNAL_WORDS[section]}_${name}`,
  `OTEL_EXPORTER_OTLP_${name}`,
];

/** The setting for the path of a signal. */
export const signalPathOf = (section: SignalSection): string =>
  `${section}.otlp.${SIGNAL_WORDS[section].toLowerCase()}_path`;

/** Ordered by dependency: the endpoint depends on the protocol, the compression on the endpoint. */
function otlpSettings(section: SignalSection): readonly VariableSetting[] {
  const at = (field: string, name: string) => ({
    path: `${section}.otlp.${field}`,
    variables: otlpVariables(section, name),
  });
  const [own] = otlpVariables(section, 'ENDPOINT');
  return [
    {
      ...at('protocol', 'PROTOCOL'),
      translate: word,
      note: '`grpc` (the default here) or `http/protobuf`; `http/json` is not supported',
    },
    {
      path: signalPathOf(section),
      variables: [own],
      translate: () => '',
      note: '',
    },
    {
      ...at('endpoint', 'ENDPOINT'),
      translate: (text, env, otlp) => withScheme(section, text, env, otlp),
      required: true,
      asIs: own,
      note: "the signal's own URL is used exactly as it is; to the general one, `/v1/traces`, `/v1/metrics` or `/v1/logs` is always appended",
    },
    {
      ...at('timeout_seconds', 'TIMEOUT'),
      translate: seconds,
      note: 'milliseconds, from 10; 0 (no timeout) is not supported',
    },
    { ...at('compression', 'COMPRESSION'), translate: word, note: '`gzip` or `none`' },
    { ...at('tls.ca_file', 'CERTIFICATE'), required: true, note: 'a PEM file' },
    { ...at('tls.cert_file', 'CLIENT_CERTIFICATE'), required: true, note: 'a PEM file' },
    { ...at('tls.key_file', 'CLIENT_KEY'), required: true, note: 'a PEM file' },
  ];
}

const limit = (field: string, variables: readonly string[], note = ''): VariableSetting => ({
  path: `tracing.limits.${field}`,
  variables,
  note,
});
const batch = (field: string, name: string, note = ''): VariableSetting => ({
  path: `tracing.batch.${field}`,
  variables: [`OTEL_BSP_${name}`],
  note,
});

export const SERVICE_NAME: VariableSetting = {
  path: 'tracing.service_name',
  variables: ['OTEL_SERVICE_NAME'],
  note: 'all signals; has precedence over `service.name` in `OTEL_RESOURCE_ATTRIBUTES`',
};

/** The settings of each signal. */
export const SETTINGS: Readonly<Record<SignalSection, readonly VariableSetting[]>> = {
  tracing: [
    {
      path: 'tracing.exporter',
      variables: ['OTEL_TRACES_EXPORTER'],
      translate: word,
      note: '`otlp` or `console`; `none` disables tracing, unless the file has an `exporter`',
    },
    ...otlpSettings('tracing'),
    batch('max_queue_size', 'MAX_QUEUE_SIZE'),
    batch('scheduled_delay_millis', 'SCHEDULE_DELAY', 'milliseconds, from 1'),
    batch('max_export_batch_size', 'MAX_EXPORT_BATCH_SIZE', 'not more than the queue'),
    limit('attribute_count_limit', ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT']),
    limit(
      'attribute_value_length_limit',
      ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
      'from 32',
    ),
    limit('event_count_limit', ['OTEL_SPAN_EVENT_COUNT_LIMIT']),
    limit('link_count_limit', ['OTEL_SPAN_LINK_COUNT_LIMIT']),
    limit('event_attribute_count_limit', ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT']),
    limit('link_attribute_count_limit', ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT']),
  ],
  metrics: [
    ...otlpSettings('metrics'),
    {
      path: 'metrics.otlp.interval_seconds',
      variables: ['OTEL_METRIC_EXPORT_INTERVAL'],
      translate: seconds,
      note: 'milliseconds, from 100',
    },
  ],
  logging: otlpSettings('logging'),
};

/** Variables that set several settings or have further rules, for the reference. */
export const SPECIAL: readonly Pick<VariableSetting, 'path' | 'variables' | 'note'>[] = [
  {
    path: 'tracing.enabled',
    variables: ['OTEL_SDK_DISABLED'],
    note: '`true` disables tracing, `metrics.otlp` and `logging.otlp`, also against the file; no context is propagated then (below)',
  },
  SERVICE_NAME,
  {
    path: 'tracing.resource',
    variables: ['OTEL_RESOURCE_ATTRIBUTES'],
    note: '`key=value,key=value` for all signals; keys and values are percent-encoded, one error discards all; attributes of the file have precedence',
  },
  {
    path: 'metrics.otlp',
    variables: ['OTEL_METRICS_EXPORTER'],
    note: '`none` stops the export; `otlp` and `prometheus` need `metrics.otlp` and `metrics.enabled`; `console` is not supported',
  },
  {
    path: 'logging.otlp',
    variables: ['OTEL_LOGS_EXPORTER'],
    note: '`none` stops the export; `otlp` needs `logging.otlp`; `console` is the log on standard output, which is always there',
  },
  ...(['tracing', 'metrics', 'logging'] as const).map((section) => ({
    path: `${section}.otlp.headers`,
    variables: otlpVariables(section, 'HEADERS'),
    note: '`name=value,name=value`, percent-encoded; not mixed with those of the file',
  })),
  ...(['tracing', 'metrics', 'logging'] as const).map((section) => ({
    path: `${section}.otlp.endpoint`,
    variables: otlpVariables(section, 'INSECURE'),
    note: 'with gRPC, an endpoint without a scheme uses TLS; with `true`, it does not',
  })),
  {
    path: 'tracing.sampling',
    variables: ['OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG'],
    note: '`always_on`, `always_off`, `traceidratio`, `parentbased_always_on`, `parentbased_always_off`, `parentbased_traceidratio`; ignored if the file has a `strategy` or a `ratio`; `jaeger_remote`, `parentbased_jaeger_remote` and `xray` are not supported',
  },
  {
    path: 'tracing.propagators',
    variables: ['OTEL_PROPAGATORS'],
    note: '`tracecontext`, `baggage`, `b3`, `b3multi`, `xray`, separated by commas; `none` reads and sends no context; `jaeger` and `ottrace` are not supported',
  },
];

/** With gRPC, an endpoint without a scheme uses TLS unless the INSECURE variable is true. */
function withScheme(section: SignalSection, text: string, env: Environment, otlp: OtlpConfig | undefined): string {
  if (otlp?.protocol !== 'grpc' || /^[a-z]+:\/\//i.test(text)) return text;
  const insecure = otlpVariables(section, 'INSECURE').find((name) => variableOf(env, name) !== undefined);
  return `${insecure !== undefined && isTrue(env, insecure) ? 'http' : 'https'}://${text}`;
}

/** OTEL_TRACES_SAMPLER: the values of the specification; `ratio` if OTEL_TRACES_SAMPLER_ARG does not set it. */
export const SAMPLERS: Readonly<Record<string, { readonly strategy: string; readonly ratio?: number }>> = {
  always_on: { strategy: 'always', ratio: 1 },
  always_off: { strategy: 'never', ratio: 1 },
  traceidratio: { strategy: 'ratio' },
  parentbased_always_on: { strategy: 'parent_based', ratio: 1 },
  parentbased_always_off: { strategy: 'parent_based', ratio: 0 },
  parentbased_traceidratio: { strategy: 'parent_based' },
};
