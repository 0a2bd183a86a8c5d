/** The effective value of every setting, and its source: the file, an OpenTelemetry variable, or the default. Hides secrets. */
import { CONFIG, type Config } from './config.ts';
import type { Field, ScalarField } from './field.ts';
import { fileKey } from './read-field.ts';

export interface EffectiveValue {
  /** Such as `tracing.otlp.endpoint` or `buckets[0].name`. */
  readonly path: string;
  /** In the syntax of the file. */
  readonly value: string;
  /** False for an optional setting without a value. */
  readonly isSet: boolean;
  /** `file`, `default`, `secret_key_file` for a separate file, or the name of the variable; `file, NAME` if the value combines both. */
  readonly source: string;
}

/** @param given paths that the file sets. @param sources path and name of the variable that set it. */
export function effectiveValues(
  config: Config,
  given: ReadonlySet<string>,
  sources: ReadonlyMap<string, string>,
): EffectiveValue[] {
  const sourceOf = (path: string): string => {
    if (given.has(fileKey(path))) return fileKey(path.split('.').at(-1)!);
    return sources.get(path) ?? (given.has(path) ? 'file' : 'default');
  };
  return Object.entries(CONFIG.fields).flatMap(([name, field]) =>
    [...valuesOf(field as Field, (config as Record<string, unknown>)[name], name)].map(([path, value]) => ({
      path,
      value,
      isSet: value !== UNSET,
      source: sourceOf(path),
    })),
  );
}

const UNSET = 'not set';
const HIDDEN = '(not shown)';

function* valuesOf(field: Field, value: unknown, path: string): Generator<[path: string, value: string]> {
  if (value === undefined) yield [path, UNSET];
  else if (field.kind === 'scalar') yield [path, textOf(field, value)];
  else if (field.kind === 'map') yield [path, mapText(value as Record<string, string>, field.discreet)];
  else if (field.kind === 'object') yield* membersOf(field.fields, value as Record<string, unknown>, path);
  else if (field.item.kind === 'scalar') yield [path, listText(field.item, value as unknown[])];
  else for (const [i, item] of (value as unknown[]).entries()) yield* valuesOf(field.item, item, `${path}[${i}]`);
}

function* membersOf(
  fields: Readonly<Record<string, Field>>,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Generator<[string, string]> {
  for (const [name, field] of Object.entries(fields)) yield* valuesOf(field, value[name], `${path}.${name}`);
}

function textOf(field: ScalarField<unknown>, value: unknown): string {
  // URL fields are discreet because an invalid URL may contain a password; a valid one does not.
  if (field.discreet && !field.type.includes('URL')) return HIDDEN;
  return field.write(value);
}

function listText(item: ScalarField<unknown>, values: readonly unknown[]): string {
  return `[${values.map((value) => textOf(item, value)).join(', ')}]`;
}

function mapText(map: Readonly<Record<string, string>>, discreet: boolean): string {
  const entries = Object.entries(map).map(([name, value]) => `${name}: ${discreet ? HIDDEN : value}`);
  return `{ ${entries.join(', ')} }`.replace('{  }', '{}');
}
