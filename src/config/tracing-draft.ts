/** The section `tracing` while variables are applied: access to fields and values by path, such as `otlp.endpoint`. */
import type { Complaint, Field, ObjectField, ScalarField } from './field.ts';
import type { OtlpConfig } from './otlp.ts';
import { TRACING } from './tracing.ts';

export type Draft = Record<string, unknown> & {
  otlp: OtlpConfig;
  resource: Readonly<Record<string, string>>;
};

/** @param path of an existing field. */
export function fieldAt<F = ScalarField<unknown>>(path: string): F {
  let field: Field = TRACING as Field;
  for (const name of path.split('.')) field = (field as ObjectField<unknown>).fields[name] as Field;
  return field as F;
}

export function valueAt(draft: Draft, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Draft | undefined)?.[name], draft);
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
