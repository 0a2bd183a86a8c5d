/** The sections of the signals while variables override their settings, with the source of each value and the ignored variables. */
import { ConfigError } from './config-error.ts';
import type { Environment } from './expand.ts';
import type { Siblings, StringMapField } from './field.ts';
import { pairsOf, variableOf } from './otel-values.ts';
import { otlpVariables, SETTINGS, signalPathOf, type VariableSetting } from './otel-variables.ts';
import {
  complaintAbout,
  type Draft,
  draftOf,
  fieldAt,
  type SignalSection,
  type SignalSections,
  setAt,
  valueAt,
} from './signals-draft.ts';
import type { VariableWarning } from './variable-warning.ts';

/** An ignored variable. The effective value is looked up later, because another variable may still set it. */
interface Ignored {
  readonly variable: string;
  readonly reason: string;
  /** The path of its setting, or the effective behaviour in words. */
  readonly instead: { readonly path: string } | string;
  readonly secret: boolean;
}

export const UNSUPPORTED = { wrong: 'is not a supported value', hint: 'docs/variables.md lists the supported values' };

type Setting = Omit<VariableSetting, 'note'>;

export class Overrides {
  readonly draft: Draft;
  readonly given: ReadonlySet<string>;
  readonly env: Environment;
  readonly #original: Draft;
  readonly #sources = new Map<string, string>();
  readonly #ignored: Ignored[] = [];

  constructor(sections: SignalSections, given: ReadonlySet<string>, env: Environment) {
    this.draft = draftOf(sections);
    this.#original = draftOf(sections);
    this.given = given;
    this.env = env;
  }

  result(): SignalSections & {
    readonly sources: ReadonlyMap<string, string>;
    readonly warnings: readonly VariableWarning[];
  } {
    const warnings = this.#ignored.map(({ variable, reason, instead, secret }) => ({
      variable,
      value: secret ? undefined : this.env[variable],
      reason,
      instead: typeof instead === 'string' ? instead : this.#inWords(instead.path),
    }));
    return { ...(this.draft as unknown as SignalSections), sources: this.#sources, warnings };
  }

  #inWords(path: string): string {
    const value = valueAt(this.draft, path);
    return `${path} is ${value === undefined ? 'not set' : fieldAt(path).write(value)}`;
  }

  applySetting({ path, variables, translate = (text) => text, required, asIs }: Setting): void {
    if (this.given.has(path)) return;
    const [section, group] = path.split('.') as [SignalSection, string];
    // The path of the variable's endpoint does not belong to the endpoint of the file.
    if (path.endsWith('_path') && this.given.has(`${section}.${group}.endpoint`)) return;
    for (const name of variables) {
      const text = variableOf(this.env, name);
      if (text === undefined) continue;
      const spelled = translate(text, this.env, this.draft[section].otlp);
      const parsed = spelled === undefined ? UNSUPPORTED : fieldAt(path).parse(spelled);
      if ('value' in parsed) return void this.set(path, name === asIs ? spelled : parsed.value, name);
      if (required === true) throw problem(name, parsed.wrong, parsed.hint);
      this.ignore(name, parsed.wrong, { path });
    }
  }

  /** Headers from different sources are not merged. */
  applyHeaders(section: SignalSection): void {
    const path = `${section}.otlp.headers`;
    const name = otlpVariables(section, 'HEADERS').find((each) => variableOf(this.env, each) !== undefined);
    if (name === undefined || this.given.has(path)) return;
    const pairs = pairsOf(this.env[name]!);
    if ('wrong' in pairs) throw problem(name, pairs.wrong, pairs.hint);
    const { spell, checkKey, checkValue } = fieldAt<StringMapField<unknown>>(path);
    const headers = Object.entries(pairs.value).map(([header, value]) => [spell(header), value] as const);
    for (const [header, value] of headers) {
      const complaint = checkKey(header) ?? checkValue(value);
      if (complaint !== undefined) throw problem(name, `has a header that ${complaint.wrong}`, complaint.hint);
    }
    this.set(path, Object.fromEntries(headers), name);
  }

  /** To a general endpoint the path of the signal is always appended ("Endpoint URLs for OTLP/HTTP"); to that of the file, unless it ends with it. */
  appendPath(section: SignalSection): void {
    const setting = `${section}.otlp.endpoint`;
    const [, general] = otlpVariables(section, 'ENDPOINT');
    const { endpoint, protocol } = this.draft[section].otlp!;
    const path = String(valueAt(this.draft, signalPathOf(section)));
    if (this.#sources.get(setting) !== general || protocol === 'grpc' || !endpoint.endsWith(path)) return;
    this.set(setting, `${endpoint}${path}`, general);
  }

  /** Computes derived defaults again, because variables may have changed the values they derive from. */
  deriveDefaults(signal: SignalSection): void {
    for (const { path } of SETTINGS[signal]) {
      const { fallback } = fieldAt(path);
      if (fallback.kind !== 'derived' || this.given.has(path) || this.has(path)) continue;
      const section = path.slice(0, path.lastIndexOf('.'));
      setAt(this.draft, path, fallback.from(valueAt(this.draft, section) as Siblings));
    }
  }

  /** If the batch and queue sizes do not fit together, the one from a variable is ignored. */
  fitBatch(): void {
    const complaint = complaintAbout('tracing.batch', this.draft);
    const sizes = ['tracing.batch.max_export_batch_size', 'tracing.batch.max_queue_size'];
    const path = sizes.find((each) => this.has(each));
    if (complaint === undefined || path === undefined) return;
    const name = this.#sources.get(path)!;
    this.#sources.delete(path);
    setAt(this.draft, path, valueAt(this.#original, path));
    this.deriveDefaults('tracing');
    this.ignore(name, 'makes a batch larger than the queue', { path });
  }

  /** Checks the rules of a section again, because variables may have changed its values. */
  checkTogether(signal: SignalSection): void {
    for (const section of [`${signal}.otlp`, `${signal}.otlp.tls`]) {
      const { complaint, of } = complaintAbout(section, this.draft) ?? {};
      if (complaint === undefined) continue;
      const variable = of?.map((name) => this.#sources.get(`${section}.${name}`)).find(Boolean);
      throw problem(variable ?? section, complaint.wrong, complaint.hint);
    }
  }

  /** Whether a variable sets it. */
  has(path: string): boolean {
    return this.#sources.has(path);
  }

  set(path: string, value: unknown, source: string): void {
    setAt(this.draft, path, value);
    this.#sources.set(path, source);
  }

  /** @param instead the path of the setting, or what applies. @param secret whether the value must not be shown. */
  ignore(variable: string, reason: string, instead: Ignored['instead'], secret = false): void {
    this.#ignored.push({ variable, reason, instead, secret });
  }
}

/** A problem with the variable's name in place of the file. Its value is not quoted, because it may be a secret. */
function problem(variable: string, wrong: string, hint: string): ConfigError {
  return new ConfigError([{ file: variable, line: 1, column: 1, path: '', message: `${wrong}; ${hint}` }]);
}
