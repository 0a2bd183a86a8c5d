/**
 * The variables that OpenTelemetry's users expect to count, under what the file says. Precedence: OTEL_SDK_DISABLED, the file,
 * the variable for traces, the general one, the default. With tracing off none of them is looked at. A value that makes no sense
 * is said and not followed (OTel specification, "Parsing empty value" and below); but what says where spans go, and with which
 * keys, ends the start: without it they would go elsewhere.
 */
import { ConfigError } from './config-error.ts';
import type { Environment } from './expand.ts';
import type { ListField, ScalarField, Siblings, StringMapField } from './field.ts';
import {
  BOOLEANS,
  NOT_FOLLOWED,
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
  /** Path of each setting that a variable has decided, such as `tracing.otlp.endpoint`, and the name of the variable. */
  readonly sources: ReadonlyMap<string, string>;
  /** Variables that are not followed. */
  readonly warnings: readonly VariableWarning[];
}

/** @param given paths of all that the file says. @throws ConfigError for variables that spans depend on and that make no sense. */
export function withEnvironment(tracing: TracingConfig, given: ReadonlySet<string>, env: Environment): FromEnvironment {
  if (!tracing.enabled) return { tracing, sources: new Map(), warnings: [] };
  const work = new Application(tracing, given, env);
  const off = work.switchedOffBy();
  if (off !== undefined)
    return { tracing: { ...tracing, enabled: false }, sources: new Map([['tracing.enabled', off]]), warnings: [] };
  // What records and exports reads its variables itself.
  return tracing.provider === 'global' ? work.besideProvider() : work.whole();
}

/** Not followed, and not yet what counts instead: that may still be decided by another variable. */
interface Doubt {
  readonly variable: string;
  readonly reason: string;
  /** The setting that it was for, or what counts instead in words. */
  readonly instead: { readonly path: string } | string;
  readonly secret?: boolean;
}

class Application {
  readonly #tracing: TracingConfig;
  readonly #given: ReadonlySet<string>;
  readonly #env: Environment;
  readonly #draft: Draft;
  readonly #sources = new Map<string, string>();
  readonly #doubts: Doubt[] = [];

  constructor(tracing: TracingConfig, given: ReadonlySet<string>, env: Environment) {
    this.#tracing = tracing;
    this.#given = given;
    this.#env = env;
    this.#draft = structuredClone(tracing) as unknown as Draft;
  }

  /** @returns the variable that has switched tracing off. */
  switchedOffBy(): string | undefined {
    const is = (name: string, text: string): boolean => variableOf(this.#env, name)?.toLowerCase() === text;
    if (is('OTEL_SDK_DISABLED', 'true')) return 'OTEL_SDK_DISABLED';
    if (this.#tracing.provider === 'global' || this.#given.has('tracing.exporter')) return undefined;
    return is('OTEL_TRACES_EXPORTER', 'none') ? 'OTEL_TRACES_EXPORTER' : undefined;
  }

  whole(): FromEnvironment {
    for (const setting of SETTINGS) this.#applySetting(setting);
    this.#applySampler();
    this.#applyHeaders();
    this.#applyResource();
    this.#applyPropagators();
    this.#deriveAnew();
    this.#fitBatch();
    this.#checkTogether();
    this.#lookAtTheRest();
    return this.#result();
  }

  besideProvider(): FromEnvironment {
    for (const setting of SETTINGS) if (setting.path === 'service_name') this.#applySetting(setting);
    this.#applyResource();
    this.#applyPropagators();
    return this.#result();
  }

  #result(): FromEnvironment {
    const warnings = this.#doubts.map(({ variable, reason, instead, secret = false }) => ({
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

  #applySetting({ path, variables, translate = (text) => text, vital }: VariableSetting): void {
    if (this.#given.has(`tracing.${path}`)) return;
    // It belongs to the variable's endpoint, not to that of the file.
    if (path === 'otlp.traces_path' && this.#given.has('tracing.otlp.endpoint')) return;
    for (const name of variables) {
      const text = variableOf(this.#env, name);
      if (text === undefined) continue;
      const spelled = translate(text, this.#env, this.#draft.otlp);
      const parsed = spelled === undefined ? NOT_OFFERED : fieldAt(path).parse(spelled);
      if ('value' in parsed) return void this.#decide(path, parsed.value, name);
      if (vital === true) throw problem(name, parsed.wrong, parsed.mend);
      this.#doubt(name, parsed.wrong, { path });
    }
  }

  /** Strategy and ratio are one decision: a file that says one of them has made it. */
  #applySampler(): void {
    const [name, argument] = ['OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG'];
    if (this.#given.has('tracing.sampling.strategy') || this.#given.has('tracing.sampling.ratio')) return;
    const text = variableOf(this.#env, name);
    if (text === undefined) {
      if (variableOf(this.#env, argument) !== undefined)
        this.#doubt(argument, `is of no use without ${name}`, { path: 'sampling.ratio' });
      return;
    }
    const sampler = SAMPLERS[text.toLowerCase()];
    if (sampler === undefined) return void this.#doubt(name, NOT_OFFERED.wrong, { path: 'sampling.strategy' });
    this.#decide('sampling.strategy', sampler.strategy, name);
    if (sampler.ratio !== undefined) return void this.#decide('sampling.ratio', sampler.ratio, name);
    this.#decide('sampling.ratio', 1, name);
    this.#applySetting({ path: 'sampling.ratio', variables: [argument] });
  }

  /** They are those of one place. */
  #applyHeaders(): void {
    const name = otlpVariables('HEADERS').find((each) => variableOf(this.#env, each) !== undefined);
    if (name === undefined || this.#given.has('tracing.otlp.headers')) return;
    const pairs = pairsOf(this.#env[name]!);
    if ('wrong' in pairs) throw problem(name, pairs.wrong, pairs.mend);
    const { spell, checkKey, checkValue } = fieldAt<StringMapField<unknown>>('otlp.headers');
    const headers = Object.entries(pairs.value).map(([header, value]) => [spell(header), value] as const);
    for (const [header, value] of headers) {
      const complaint = checkKey(header) ?? checkValue(value);
      if (complaint !== undefined) throw problem(name, `has one that ${complaint.wrong}`, complaint.mend);
    }
    this.#decide('otlp.headers', Object.fromEntries(headers), name);
  }

  /** The file's stand over those of the environment. One that is wrong voids all ("Resource SDK", "Specifying resource information via an environment variable"). */
  #applyResource(): void {
    const name = 'OTEL_RESOURCE_ATTRIBUTES';
    const text = variableOf(this.#env, name);
    if (text === undefined) return;
    const pairs = pairsOf(text);
    if ('wrong' in pairs) return void this.#doubt(name, pairs.wrong, 'none of its attributes counts', true);
    const { 'service.name': service, 'deployment.environment.name': environment, ...rest } = pairs.value;
    const fresh = (path: string): boolean => !this.#given.has(path) && !this.#sources.has(path);
    if (service !== undefined && fresh('tracing.service_name')) this.#decide('service_name', service, name);
    if (environment !== undefined && fresh('tracing.environment')) this.#decide('environment', environment, name);
    if (Object.keys(rest).length === 0) return;
    const both = this.#given.has('tracing.resource') ? `file, ${name}` : name;
    this.#decide('resource', { ...rest, ...this.#draft.resource }, both);
  }

  #applyPropagators(): void {
    const name = 'OTEL_PROPAGATORS';
    const text = variableOf(this.#env, name);
    if (text === undefined || this.#given.has('tracing.propagators')) return;
    const asked = new Set(text.split(',').map((each) => each.trim().toLowerCase()));
    if (asked.size === 1 && asked.has('none')) return void this.#decide('propagators', [], name);
    const { words } = fieldAt<ListField<string>>('propagators').item as ScalarField<string>;
    const known = [...asked].filter((each) => words.includes(each));
    if (known.length > 0) this.#decide('propagators', known, name);
    if (known.length === asked.size) return;
    const count = known.length > 0 ? known.join(', ') : 'the default';
    this.#doubt(name, 'names a propagator that is not offered', `tracing.propagators is ${count}`);
  }

  /** Defaults that follow from other values, now that some of those have come from elsewhere. */
  #deriveAnew(): void {
    for (const { path } of SETTINGS) {
      const { fallback } = fieldAt(path);
      if (fallback.kind !== 'derived' || this.#given.has(`tracing.${path}`) || this.#sources.has(`tracing.${path}`))
        continue;
      const section = path.slice(0, path.lastIndexOf('.'));
      setAt(this.#draft, path, fallback.from(valueAt(this.#draft, section) as Siblings));
    }
  }

  /** Of numbers that are well alone and not together, the one gives way that a variable has said. */
  #fitBatch(): void {
    const complaint = complaintAbout('batch', this.#draft);
    const path = ['batch.max_export_batch_size', 'batch.max_queue_size'].find((each) =>
      this.#sources.has(`tracing.${each}`),
    );
    if (complaint === undefined || path === undefined) return;
    const name = this.#sources.get(`tracing.${path}`)!;
    this.#sources.delete(`tracing.${path}`);
    setAt(this.#draft, path, valueAt(this.#tracing as unknown as Draft, path));
    this.#deriveAnew();
    this.#doubt(name, 'does not go with the other size: no batch is larger than the queue', { path });
  }

  /** What several values must fulfil together, now that some of them have come from elsewhere. */
  #checkTogether(): void {
    for (const section of ['otlp', 'otlp.tls']) {
      const { complaint, of } = complaintAbout(section, this.#draft) ?? {};
      if (complaint === undefined) continue;
      const blamed = of?.map((name) => this.#sources.get(`tracing.${section}.${name}`)).find(Boolean);
      throw problem(blamed ?? section, complaint.wrong, complaint.mend);
    }
  }

  #lookAtTheRest(): void {
    for (const [name, instead] of Object.entries(BOOLEANS)) {
      const text = variableOf(this.#env, name)?.toLowerCase();
      if (text === undefined || text === 'true' || text === 'false') continue;
      this.#doubt(name, 'is neither true nor false', instead);
    }
    for (const [name, { reason, instead, well }] of Object.entries(NOT_FOLLOWED)) {
      const text = variableOf(this.#env, name);
      if (text !== undefined && text.toLowerCase() !== well) this.#doubt(name, reason, instead);
    }
  }

  #decide(path: string, value: unknown, source: string): void {
    setAt(this.#draft, path, value);
    this.#sources.set(`tracing.${path}`, source);
  }

  #doubt(variable: string, reason: string, instead: Doubt['instead'], secret = false): void {
    this.#doubts.push({ variable, reason, instead, secret });
  }
}

const NOT_OFFERED = { wrong: 'is not a value that is offered here', mend: 'docs/variables.md lists those that are' };

/** The variable stands where the file would: what it holds is not quoted, for it may be a secret. */
function problem(variable: string, wrong: string, mend: string): ConfigError {
  return new ConfigError([{ file: variable, line: 1, column: 1, path: '', message: `${wrong}; ${mend}` }]);
}
