/** The sections of the signals while variables are applied: access to fields and values by path, such as `tracing.otlp.endpoint`. */
import { CONFIG, type Config } from './config.ts';
import type { Complaint, Field, ObjectField, ScalarField } from './field.ts';
import type { OtlpConfig } from './otlp.ts';

/** The sections `tracing`, `metrics` and `logging`. */
export type SignalSections = Pick<Config, 'tracing' | 'metrics' | 'logging'>;
export type SignalSection = keyof SignalSections;

export type Draft = { [S in SignalSection]: Record<string, unknown> & { otlp?: OtlpConfig | undefined } };

export function draftOf({ tracing, metrics, logging }: SignalSections): Draft {
  return structuredClone({ tracing, metrics, logging }) as unknown as Draft;
}

/** @param path of an existing field. */
export function fieldAt<F = ScalarField<unknown>>(path: string): F {
  let field: Field = CONFIG as Field;
  for (const name of path.split('.')) field = (field as ObjectField<unknown>).fields[name] as Field;
  return field as F;
}

export function valueAt(draft: Draft, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], draft);
}

export function setAt(draft: Draft, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() as string;
  let object: Record<string, unknown> = draft;
  for (const name of names) object = (object[name] ??= {}) as Record<string, unknown>;
  object[last] = value;
}

/** The first broken rule of a section. */
export function complaintAbout(
  section: string,
  draft: Draft,
): { complaint: Complaint; of: readonly string[] } | undefined {
  const values = valueAt(draft, section);
  if (values === undefined) return undefined;
  for (const { broken, of } of fieldAt<ObjectField<unknown>>(section).rules) {
    const complaint = broken(values as never);
    if (complaint !== undefined) return { complaint, of };
  }
  return undefined;
}
