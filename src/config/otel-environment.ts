/**
 * The variables that OpenTelemetry's users expect to count (OTel specification, "Environment Variable Specification" and
 * "OTLP Exporter Configuration"), under what the file says. Precedence: OTEL_SDK_DISABLED, the file, the variable for traces,
 * the general one, the default. With tracing off none of them is looked at; a value that makes no sense is said, not skipped.
 */
import { ConfigError } from './config-error.ts';
import type { Environment } from './expand.ts';
import type { Field, ObjectField, Rule, ScalarField, Siblings } from './field.ts';
import { TRACING, type TracingConfig } from './tracing.ts';

export interface FromEnvironment {
  readonly tracing: TracingConfig;
  /** Path of each setting that a variable has decided, such as `tracing.otlp.endpoint`, and the name of the variable. */
  readonly sources: ReadonlyMap<string, string>;
}

interface Setting {
  /** Below `tracing`. */
  readonly path: string;
  /** The first that is set counts. */
  readonly variables: readonly string[];
  /** From the variable's spelling to the file's; undefined for what is not offered here. */
  readonly translate?: (text: string, env: Environment, draft: Draft) => string | undefined;
}

const otlp = (name: string): readonly string[] => [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
const millis = (text: string): string | undefined => (/^\d+$/.test(text) ? String(Number(text) / 1000) : undefined);

/** In this order, in which one follows from another: the endpoint from the protocol, the compression from the endpoint. */
const SETTINGS: readonly Setting[] = [
  { path: 'service_name', variables: ['OTEL_SERVICE_NAME'] },
  { path: 'exporter', variables: ['OTEL_TRACES_EXPORTER'] },
  { path: 'otlp.protocol', variables: otlp('PROTOCOL') },
  // The URL for traces is taken as it is: no path is added to it ("OTLP Exporter Configuration", "Endpoint URLs for OTLP/HTTP").
  { path: 'otlp.traces_path', variables: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], translate: () => '' },
  { path: 'otlp.endpoint', variables: otlp('ENDPOINT'), translate: withScheme },
  { path: 'otlp.timeout_seconds', variables: otlp('TIMEOUT'), translate: millis },
  { path: 'otlp.compression', variables: otlp('COMPRESSION') },
  { path: 'otlp.tls.ca_file', variables: otlp('CERTIFICATE') },
  { path: 'otlp.tls.cert_file', variables: otlp('CLIENT_CERTIFICATE') },
  { path: 'otlp.tls.key_file', variables: otlp('CLIENT_KEY') },
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
  { path: 'sampling.strategy', variables: ['OTEL_TRACES_SAMPLER'], translate: (text) => SAMPLERS[text]?.strategy },
  {
    path: 'sampling.ratio',
    variables: ['OTEL_TRACES_SAMPLER'],
    translate: (text, env) => SAMPLERS[text]?.ratio ?? (env.OTEL_TRACES_SAMPLER_ARG || '1'),
  },
];

/** Those of the specification; `ratio` where it is not OTEL_TRACES_SAMPLER_ARG. */
const SAMPLERS: Readonly<Record<string, { readonly strategy: string; readonly ratio?: string }>> = {
  always_on: { strategy: 'always', ratio: '1' },
  always_off: { strategy: 'never', ratio: '1' },
  traceidratio: { strategy: 'ratio' },
  parentbased_always_on: { strategy: 'parent_based', ratio: '1' },
  parentbased_always_off: { strategy: 'parent_based', ratio: '0' },
  parentbased_traceidratio: { strategy: 'parent_based' },
};

/** @param given paths of all that the file says. @throws ConfigError for variables that make no sense. */
export function withEnvironment(tracing: TracingConfig, given: ReadonlySet<string>, env: Environment): FromEnvironment {
  const sources = new Map<string, string>();
  if (!tracing.enabled) return { tracing, sources };
  const off = switchOf(env);
  if (off !== undefined)
    return { tracing: { ...tracing, enabled: false }, sources: new Map([['tracing.enabled', off]]) };
  const draft = structuredClone(tracing) as Draft;
  for (const setting of SETTINGS) applySetting(draft, setting, given, env, sources);
  deriveAnew(draft, given, sources);
  applyMaps(draft, given, env, sources);
  applyPropagators(draft, given, env, sources);
  checkTogether(draft, sources);
  return { tracing: draft as unknown as TracingConfig, sources };
}

/** @returns the variable that has switched tracing off. */
function switchOf(env: Environment): string | undefined {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return 'OTEL_SDK_DISABLED';
  return env.OTEL_TRACES_EXPORTER === 'none' ? 'OTEL_TRACES_EXPORTER' : undefined;
}

/** With gRPC an address may come without a scheme, and then means TLS unless it is said to be insecure. */
function withScheme(text: string, env: Environment, { otlp: { protocol } }: Draft): string {
  if (protocol !== 'grpc' || /^[a-z]+:\/\//i.test(text)) return text;
  const insecure = otlp('INSECURE')
    .map((name) => env[name])
    .find(Boolean);
  return `${insecure?.toLowerCase() === 'true' ? 'http' : 'https'}://${text}`;
}

type Draft = Record<string, unknown> & { otlp: Record<string, unknown>; resource: Record<string, string> };

function applySetting(
  draft: Draft,
  { path, variables, translate = (text) => text }: Setting,
  given: ReadonlySet<string>,
  env: Environment,
  sources: Map<string, string>,
): void {
  const name = variables.find((each) => env[each]);
  if (name === undefined || given.has(`tracing.${path}`)) return;
  // It belongs to the variable's endpoint, not to that of the file.
  if (path === 'otlp.traces_path' && given.has('tracing.otlp.endpoint')) return;
  // Strategy and ratio are one decision: a file that says one of them has made it.
  if (path.startsWith('sampling.') && [...given].some((each) => /^tracing\.sampling\.(strategy|ratio)$/.test(each)))
    return;
  const text = translate(env[name]!, env, draft);
  const parsed = text === undefined ? undefined : fieldAt(path).parse(text);
  if (parsed === undefined)
    throw problem(name, 'is not a value that is offered here', 'docs/variables.md lists those that are');
  if (!('value' in parsed)) throw problem(name, parsed.wrong, parsed.mend);
  setAt(draft, path, parsed.value);
  sources.set(`tracing.${path}`, name);
}

/** Defaults that follow from other values, now that some of those have come from elsewhere. */
function deriveAnew(draft: Draft, given: ReadonlySet<string>, sources: ReadonlyMap<string, string>): void {
  for (const { path } of SETTINGS) {
    const { fallback } = fieldAt(path);
    if (fallback.kind !== 'derived' || given.has(`tracing.${path}`) || sources.has(`tracing.${path}`)) continue;
    const section = path.slice(0, path.lastIndexOf('.'));
    setAt(draft, path, fallback.from(valueAt(draft, section) as Siblings));
  }
}

/** Headers are those of one place; resource attributes of the file stand over those of the environment. */
function applyMaps(draft: Draft, given: ReadonlySet<string>, env: Environment, sources: Map<string, string>): void {
  const header = otlp('HEADERS').find((each) => env[each]);
  if (header !== undefined && !given.has('tracing.otlp.headers')) {
    const pairs = Object.entries(pairsOf(header, env[header]!));
    draft.otlp.headers = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
    sources.set('tracing.otlp.headers', header);
  }
  if (!env.OTEL_RESOURCE_ATTRIBUTES) return;
  const {
    'service.name': service,
    'deployment.environment.name': environment,
    ...rest
  } = pairsOf('OTEL_RESOURCE_ATTRIBUTES', env.OTEL_RESOURCE_ATTRIBUTES);
  draft.resource = { ...rest, ...draft.resource };
  sources.set('tracing.resource', 'OTEL_RESOURCE_ATTRIBUTES');
  if (service !== undefined && !env.OTEL_SERVICE_NAME && !given.has('tracing.service_name')) {
    draft.service_name = service;
    sources.set('tracing.service_name', 'OTEL_RESOURCE_ATTRIBUTES');
  }
  if (environment !== undefined) draft.environment ??= environment;
}

function applyPropagators(
  draft: Draft,
  given: ReadonlySet<string>,
  env: Environment,
  sources: Map<string, string>,
): void {
  const name = 'OTEL_PROPAGATORS';
  if (!env[name] || given.has('tracing.propagators')) return;
  const field = TRACING_FIELDS.propagators as { readonly item: ScalarField<string> };
  draft.propagators = [...new Set(env[name].split(',').map((each) => each.trim()))].map((each) => {
    const parsed = field.item.parse(each);
    if ('value' in parsed) return parsed.value;
    throw problem(name, 'names a propagator that is not offered', parsed.mend);
  });
  sources.set('tracing.propagators', name);
}

/** What several values must fulfil together, now that some of them have come from elsewhere. */
function checkTogether(draft: Draft, sources: ReadonlyMap<string, string>): void {
  for (const section of ['otlp', 'otlp.tls', 'batch']) {
    const values = valueAt(draft, section);
    if (values === undefined) continue;
    for (const rule of (fieldAt(section) as unknown as ObjectField<unknown>).rules as readonly Rule<never>[]) {
      const complaint = rule.broken(values as never);
      const blamed = rule.of.map((name) => sources.get(`tracing.${section}.${name}`)).find(Boolean);
      if (complaint !== undefined) throw problem(blamed ?? section, complaint.wrong, complaint.mend);
    }
  }
}

function valueAt(draft: Draft, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Draft | undefined)?.[name], draft);
}

/** `key1=value1,key2=value2`, values percent-encoded (W3C Baggage, without properties). */
function pairsOf(variable: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const equals = part.indexOf('=');
    const key = part.slice(0, equals).trim();
    if (equals < 1 || key === '')
      throw problem(variable, 'is not a list of key=value', 'separate the pairs with commas');
    try {
      pairs[key] = decodeURIComponent(part.slice(equals + 1).trim());
    } catch {
      throw problem(variable, 'has a value that is not percent-encoded', 'write % as %25');
    }
  }
  return pairs;
}

const TRACING_FIELDS: Readonly<Record<string, Field>> = TRACING.fields;

function fieldAt(path: string): ScalarField<unknown> {
  let field: Field = TRACING as Field;
  for (const name of path.split('.')) field = (field as ObjectField<unknown>).fields[name] as Field;
  return field as ScalarField<unknown>;
}

function setAt(draft: Draft, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() as string;
  let object: Record<string, unknown> = draft;
  for (const name of names) object = (object[name] ??= {}) as Record<string, unknown>;
  object[last] = value;
}

/** The variable stands where the file would: what it holds is not quoted, for it may be a secret. */
function problem(variable: string, wrong: string, mend: string): ConfigError {
  return new ConfigError([{ file: variable, line: 1, column: 1, path: '', message: `${wrong}; ${mend}` }]);
}
