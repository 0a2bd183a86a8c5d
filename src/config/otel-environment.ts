/**
 * Applies the OpenTelemetry environment variables. Precedence: OTEL_SDK_DISABLED, the file, the variable for traces, the general
 * variable, the default. With tracing disabled, all of them are ignored. An invalid value is reported and ignored (OTel
 * specification, "Parsing empty value" and below). An invalid endpoint, header or certificate prevents the start instead:
 * spans would be sent to the wrong collector.
 */
import { ConfigError } from './config-error.ts';
import type { Environment } from './expand.ts';
import type { ListField, ScalarField, Siblings, StringMapField } from './field.ts';
import {
  BOOLEANS,
  IGNORED,
  otlpVariables,
  pairsOf,
  SAMPLERS,
  SETTINGS,
  type VariableSetting,
  variableOf,
} from './otel-variables.ts';
import type { TracingConfig } from './tracing.ts';
import { complaintAbout, type Draft, fieldAt, setAt, valueAt } from './tracing-draft.ts';
import type { VariableWarning } from './variable-warning.ts';

export interface FromEnvironment {
  readonly tracing: TracingConfig;
  /** The path of each setting that a variable sets, such as `tracing.otlp.endpoint`, and the name of the variable. */
  readonly sources: ReadonlyMap<string, string>;
  /** Variables that are ignored. */
  readonly warnings: readonly VariableWarning[];
}

/** @param given paths that the file sets. @throws ConfigError for an invalid endpoint, header or certificate. */
export function withEnvironment(tracing: TracingConfig, given: ReadonlySet<string>, env: Environment): FromEnvironment {
  if (!tracing.enabled) return { tracing, sources: new Map(), warnings: [] };
  const work = new Overrides(tracing, given, env);
  const off = work.disabledBy();
  if (off !== undefined)
    return { tracing: { ...tracing, enabled: false }, sources: new Map([['tracing.enabled', off]]), warnings: [] };
  // The global provider reads its own variables.
  return tracing.provider === 'global' ? work.forGlobalProvider() : work.forNativeProvider();
}

/** An ignored variable. The effective value is looked up later, because another variable may still set it. */
interface Ignored {
  readonly variable: string;
  readonly reason: string;
  /** The path of its setting, or the effective behaviour in words. */
  readonly instead: { readonly path: string } | string;
  readonly secret?: boolean;
}

class Overrides {
  readonly #tracing: TracingConfig;
  readonly #given: ReadonlySet<string>;
  readonly #env: Environment;
  readonly #draft: Draft;
  readonly #sources = new Map<string, string>();
  readonly #ignored: Ignored[] = [];

  constructor(tracing: TracingConfig, given: ReadonlySet<string>, env: Environment) {
    this.#tracing = tracing;
    this.#given = given;
    this.#env = env;
    this.#draft = structuredClone(tracing) as unknown as Draft;
  }

  /** @returns the variable that disables tracing. */
  disabledBy(): string | undefined {
    const is = (name: string, text: string): boolean => variableOf(this.#env, name)?.toLowerCase() === text;
    if (is('OTEL_SDK_DISABLED', 'true')) return 'OTEL_SDK_DISABLED';
    if (this.#tracing.provider === 'global' || this.#given.has('tracing.exporter')) return undefined;
    return is('OTEL_TRACES_EXPORTER', 'none') ? 'OTEL_TRACES_EXPORTER' : undefined;
  }

  forNativeProvider(): FromEnvironment {
    for (const setting of SETTINGS) this.#applySetting(setting);
    this.#applySampler();
    this.#applyHeaders();
    this.#applyResource();
    this.#applyPropagators();
    this.#deriveDefaults();
    this.#fitBatch();
    this.#checkTogether();
    this.#reportUnsupported();
    return this.#result();
  }

  forGlobalProvider(): FromEnvironment {
    for (const setting of SETTINGS) if (setting.path === 'service_name') this.#applySetting(setting);
    this.#applyResource();
    this.#applyPropagators();
    return this.#result();
  }

  #result(): FromEnvironment {
    const warnings = this.#ignored.map(({ variable, reason, instead, secret = false }) => ({
      variable,
      value: secret ? undefined : this.#env[variable],
      reason,
      instead: typeof instead === 'string' ? instead : this.#inWords(instead.path),
    }));
    return { tracing: this.#draft as unknown as TracingConfig, sources: this.#sources, warnings };
  }

  #inWords(path: string): string {
    const value = valueAt(this.#draft, path);
    return `tracing.${path} is ${value === undefined ? 'not set' : fieldAt(path).write(value)}`;
  }

  #applySetting({ path, variables, translate = (text) => text, required }: VariableSetting): void {
    if (this.#given.has(`tracing.${path}`)) return;
    // The variable's path belongs to the variable's endpoint, not to the endpoint of the file.
    if (path === 'otlp.traces_path' && this.#given.has('tracing.otlp.endpoint')) return;
    for (const name of variables) {
      const text = variableOf(this.#env, name);
      if (text === undefined) continue;
      const spelled = translate(text, this.#env, this.#draft.otlp);
      const parsed = spelled === undefined ? UNSUPPORTED : fieldAt(path).parse(spelled);
      if ('value' in parsed) return void this.#set(path, parsed.value, name);
      if (required === true) throw problem(name, parsed.wrong, parsed.hint);
      this.#ignore(name, parsed.wrong, { path });
    }
  }

  /** Strategy and ratio belong together: if the file sets one of them, the variables are ignored. */
  #applySampler(): void {
    const [name, argument] = ['OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG'];
    if (this.#given.has('tracing.sampling.strategy') || this.#given.has('tracing.sampling.ratio')) return;
    const text = variableOf(this.#env, name);
    if (text === undefined) {
      if (variableOf(this.#env, argument) !== undefined)
        this.#ignore(argument, `has no effect without ${name}`, { path: 'sampling.ratio' });
      return;
    }
    const sampler = SAMPLERS[text.toLowerCase()];
    if (sampler === undefined) return void this.#ignore(name, UNSUPPORTED.wrong, { path: 'sampling.strategy' });
    this.#set('sampling.strategy', sampler.strategy, name);
    if (sampler.ratio !== undefined) return void this.#set('sampling.ratio', sampler.ratio, name);
    this.#set('sampling.ratio', 1, name);
    this.#applySetting({ path: 'sampling.ratio', variables: [argument] });
  }

  /** Headers from different sources are not merged. */
  #applyHeaders(): void {
    const name = otlpVariables('HEADERS').find((each) => variableOf(this.#env, each) !== undefined);
    if (name === undefined || this.#given.has('tracing.otlp.headers')) return;
    const pairs = pairsOf(this.#env[name]!);
    if ('wrong' in pairs) throw problem(name, pairs.wrong, pairs.hint);
    const { spell, checkKey, checkValue } = fieldAt<StringMapField<unknown>>('otlp.headers');
    const headers = Object.entries(pairs.value).map(([header, value]) => [spell(header), value] as const);
    for (const [header, value] of headers) {
      const complaint = checkKey(header) ?? checkValue(value);
      if (complaint !== undefined) throw problem(name, `has a header that ${complaint.wrong}`, complaint.hint);
    }
    this.#set('otlp.headers', Object.fromEntries(headers), name);
  }

  /** Attributes in the file override the variable's. One invalid pair discards all ("Resource SDK", "Specifying resource information via an environment variable"). */
  #applyResource(): void {
    const name = 'OTEL_RESOURCE_ATTRIBUTES';
    const text = variableOf(this.#env, name);
    if (text === undefined) return;
    const pairs = pairsOf(text);
    if ('wrong' in pairs) return void this.#ignore(name, pairs.wrong, 'all of its attributes are ignored', true);
    const { 'service.name': service, 'deployment.environment.name': environment, ...rest } = pairs.value;
    const fresh = (path: string): boolean => !this.#given.has(path) && !this.#sources.has(path);
    if (service !== undefined && fresh('tracing.service_name')) this.#set('service_name', service, name);
    if (environment !== undefined && fresh('tracing.environment')) this.#set('environment', environment, name);
    if (Object.keys(rest).length === 0) return;
    const both = this.#given.has('tracing.resource') ? `file, ${name}` : name;
    this.#set('resource', { ...rest, ...this.#draft.resource }, both);
  }

  #applyPropagators(): void {
    const name = 'OTEL_PROPAGATORS';
    const text = variableOf(this.#env, name);
    if (text === undefined || this.#given.has('tracing.propagators')) return;
    const requested = new Set(text.split(',').map((each) => each.trim().toLowerCase()));
    if (requested.size === 1 && requested.has('none')) return void this.#set('propagators', [], name);
    const { words } = fieldAt<ListField<string>>('propagators').item as ScalarField<string>;
    const known = [...requested].filter((each) => words.includes(each));
    if (known.length > 0) this.#set('propagators', known, name);
    if (known.length === requested.size) return;
    const effective = known.length > 0 ? known.join(', ') : 'the default';
    this.#ignore(name, 'contains a propagator that is not supported', `tracing.propagators is ${effective}`);
  }

  /** Computes derived defaults again, because variables may have changed the values they derive from. */
  #deriveDefaults(): void {
    for (const { path } of SETTINGS) {
      const { fallback } = fieldAt(path);
      if (fallback.kind !== 'derived' || this.#given.has(`tracing.${path}`) || this.#sources.has(`tracing.${path}`))
        continue;
      const section = path.slice(0, path.lastIndexOf('.'));
      setAt(this.#draft, path, fallback.from(valueAt(this.#draft, section) as Siblings));
    }
  }

  /** If the batch and queue sizes do not fit together, the one from a variable is ignored. */
  #fitBatch(): void {
    const complaint = complaintAbout('batch', this.#draft);
    const path = ['batch.max_export_batch_size', 'batch.max_queue_size'].find((each) =>
      this.#sources.has(`tracing.${each}`),
    );
    if (complaint === undefined || path === undefined) return;
    const name = this.#sources.get(`tracing.${path}`)!;
    this.#sources.delete(`tracing.${path}`);
    setAt(this.#draft, path, valueAt(this.#tracing as unknown as Draft, path));
    this.#deriveDefaults();
    this.#ignore(name, 'makes a batch larger than the queue', { path });
  }

  /** Checks the rules of a section again, because variables may have changed its values. */
  #checkTogether(): void {
    for (const section of ['otlp', 'otlp.tls']) {
      const { complaint, of } = complaintAbout(section, this.#draft) ?? {};
      if (complaint === undefined) continue;
      const variable = of?.map((name) => this.#sources.get(`tracing.${section}.${name}`)).find(Boolean);
      throw problem(variable ?? section, complaint.wrong, complaint.hint);
    }
  }

  #reportUnsupported(): void {
    for (const [name, instead] of Object.entries(BOOLEANS)) {
      const text = variableOf(this.#env, name)?.toLowerCase();
      if (text === undefined || text === 'true' || text === 'false') continue;
      this.#ignore(name, 'is neither true nor false', instead);
    }
    for (const [name, { reason, instead, accepted }] of Object.entries(IGNORED)) {
      const text = variableOf(this.#env, name);
      if (text !== undefined && text.toLowerCase() !== accepted) this.#ignore(name, reason, instead);
    }
  }

  #set(path: string, value: unknown, source: string): void {
    setAt(this.#draft, path, value);
    this.#sources.set(`tracing.${path}`, source);
  }

  #ignore(variable: string, reason: string, instead: Ignored['instead'], secret = false): void {
    this.#ignored.push({ variable, reason, instead, secret });
  }
}

const UNSUPPORTED = { wrong: 'is not a supported value', hint: 'docs/variables.md lists the supported values' };

/** A problem with the variable's name in place of the file. Its value is not quoted, because it may be a secret. */
function problem(variable: string, wrong: string, hint: string): ConfigError {
  return new ConfigError([{ file: variable, line: 1, column: 1, path: '', message: `${wrong}; ${hint}` }]);
}
