/** Reads a field from its YAML node. All problems are reported; nothing is thrown. */
import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { closestWord } from '../kit/closest-word.ts';
import { type Entry, entriesOf } from './entries.ts';
import type { Fallback, Field, Fields, ListField, ObjectField, Rule, ScalarField, Siblings } from './field.ts';
import { ABSENT, isNull, misfit, readDerived, readScalar, readSecretFile, readStringMap, UNREAD } from './read-text.ts';
import { below, offsetOf, type Place, type Reading } from './reading.ts';
import { string } from './scalars.ts';

const SECRET_FILE = string({ prose: 'The path of a file with the value.' });

/** @returns the value, ABSENT or UNREAD. */
export function readField(reading: Reading, field: Field, node: Node | null, place: Place): unknown {
  const value = readGiven(reading, field, node, place);
  if (value !== ABSENT) reading.given.add(place.path);
  return value;
}

function readGiven(reading: Reading, field: Field, node: Node | null, place: Place): unknown {
  const target = node === null ? null : reading.follow(node, place);
  if (target === undefined) return UNREAD;
  if (target === null || isNull(target))
    return field.kind === 'object' && field.refuseEmpty ? refuseEmpty(reading, place) : ABSENT;
  switch (field.kind) {
    case 'scalar':
      return isScalar(target) ? readScalar(reading, field, target, place) : misfit(reading, target, place, field.hint);
    case 'map':
      if (isMap(target)) return readStringMap(reading, field, entriesOf(reading, target, place));
      return misfit(reading, target, place, 'write entries of the form "name: text", indented below it');
    case 'list':
      if (isSeq<Node>(target)) return readList(reading, field, target.items, place);
      return misfit(reading, target, place, 'start each entry with "- "');
    case 'object':
      if (isMap(target)) return readObject(reading, field, entriesOf(reading, target, place), place);
      return misfit(reading, target, place, nameFields(field));
  }
}

/** The lines below the section may lack their indentation. */
function refuseEmpty(reading: Reading, place: Place): typeof UNREAD {
  const hint = 'write its settings below it, indented; or set enabled: false';
  reading.complain(place, { wrong: 'is empty', hint });
  return UNREAD;
}

function nameFields({ fields }: ObjectField<unknown>): string {
  const names = Object.keys(fields);
  const required = Object.entries<Field>(fields).flatMap(([name, field]) =>
    field.kind === 'scalar' && field.fallback.kind === 'required' ? [name] : [],
  );
  if (required.length === 0) return `the fields are ${names.join(', ')}`;
  const others = names.filter((name) => !required.includes(name));
  return `write at least ${required.join(', ')}; the other fields are ${others.join(', ')}`;
}

function readList(reading: Reading, field: ListField<unknown>, nodes: readonly Node[], place: Place): unknown {
  if (nodes.length === 0 && field.derived === undefined)
    reading.complain(place, { wrong: 'is empty', hint: field.hint });
  const items = nodes.map((node, index) => {
    const at = { path: `${place.path}[${index}]`, offset: offsetOf(node, place.offset) };
    const value = readField(reading, field.item, node, at);
    if (value === ABSENT) reading.complain(at, { wrong: 'is empty', hint: 'add a value, or remove the "-"' });
    return { at, value };
  });
  const before = reading.found.length;
  const reported = new Set<Place>();
  for (const name of field.unique) reportEqual(reading, items, name, reported);
  const values = items.map(({ value }) => value);
  const whole = values.every(
    (value) => value !== UNREAD && value !== ABSENT && !reading.incomplete.has(value as object),
  );
  if (!whole || reading.found.length > before) reading.incomplete.add(values);
  return values;
}

/** @param reported the items with a duplicate so far. A default that is derived from it is not reported as well. */
function reportEqual(
  reading: Reading,
  items: readonly { at: Place; value: unknown }[],
  name: string,
  reported: Set<Place>,
): void {
  const seen = new Map<unknown, Place>();
  for (const { at, value } of items) {
    const own = typeof value === 'object' ? (value as Siblings)[name] : undefined;
    const first = seen.get(own);
    if (first !== undefined) {
      const path = below(at.path, name);
      if (reported.has(at) && !reading.given.has(path)) continue;
      reported.add(at);
      const wrong = `is the same as in ${first.path}, line ${reading.lineOf(first.offset)}`;
      reading.complain({ path, offset: at.offset }, { wrong, hint: 'make them different' });
    } else if (own !== undefined) seen.set(own, at);
  }
}

/** An object that is being read. */
interface Draft {
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly values: Record<string, unknown>;
  /** Invalid fields. Problems that follow from them are not reported. */
  readonly unread: Set<string>;
}

/**
 * @param entries the entries in the file; empty for an absent section.
 * @param preset values that override the defaults.
 * @returns the valid fields. If a field is invalid, the object is marked as incomplete.
 */
function readObject(
  reading: Reading,
  field: ObjectField<unknown>,
  entries: ReadonlyMap<string, Entry>,
  place: Place,
  preset: Siblings = {},
): Siblings {
  const draft: Draft = { place, entries, values: { ...preset }, unread: new Set() };
  for (const [key, child] of Object.entries(field.fields)) {
    const entry = entries.get(key);
    if (entry !== undefined) keep(reading, draft, key, readField(reading, child, entry.node, entry));
    if (mayBeInFile(child)) readFromFile(reading, child, draft, key);
  }
  reportUnknown(reading, field, draft);
  for (const [key, child] of inOrderOfDefaults(field))
    if (!Object.hasOwn(draft.values, key) && !draft.unread.has(key))
      keep(reading, draft, key, fillIn(reading, child, draft, key));
  for (const rule of field.rules as readonly Rule<Siblings>[]) applyRule(reading, rule, draft);
  if (draft.unread.size > 0) reading.incomplete.add(draft.values);
  return draft.values;
}

/** The value of a field in a separate file: `secret_key_file` for `secret_key`. */
function readFromFile(reading: Reading, field: FileField, draft: Draft, key: string): void {
  const entry = draft.entries.get(fileKey(key));
  const path = entry && readField(reading, SECRET_FILE, entry.node, entry);
  if (entry === undefined || path === ABSENT) return;
  if (path === UNREAD) draft.unread.add(key);
  else if (Object.hasOwn(draft.values, key) || draft.unread.has(key)) {
    reading.complain(entry, { wrong: `contradicts ${key}, which has a value as well`, hint: 'keep one of them' });
    draft.unread.add(key);
  } else keep(reading, draft, key, readSecretFile(reading, field, String(path), entry));
}

/** A secret, or a list of secrets, one on each line of its file. */
export type FileField = ScalarField<unknown> | (ListField<unknown> & { readonly item: ScalarField<unknown> });

export function mayBeInFile(field: Field): field is FileField {
  const scalar = field.kind === 'list' ? field.item : field;
  return scalar.kind === 'scalar' && scalar.mayBeInFile;
}

export const fileKey = (key: string): string => `${key}_file`;

/** Derived defaults come last. */
function inOrderOfDefaults({ fields }: ObjectField<unknown>): [key: string, field: Field][] {
  const depends = (field: Field): number => Number(fallbackOf(field).kind === 'derived');
  return Object.entries(fields).sort(([, a], [, b]) => depends(a) - depends(b));
}

function keep(reading: Reading, { values, unread }: Draft, key: string, value: unknown): void {
  if (value === UNREAD || reading.incomplete.has(value as object)) unread.add(key);
  if (value !== UNREAD && value !== ABSENT) values[key] = value;
}

const placeOf = ({ entries, place }: Draft, key: string): Place =>
  entries.get(key) ?? { path: below(place.path, key), offset: place.offset };

/** If an unknown key is a likely misspelling, the intended key is not also reported as missing. */
function reportUnknown(reading: Reading, { fields }: ObjectField<unknown>, { entries, unread }: Draft): void {
  const known = keysOf(fields);
  for (const [key, { path, keyOffset }] of entries) {
    if (known.includes(key)) continue;
    const guess = closestWord(key.slice(0, 60), known);
    const hint = guess === undefined ? unknownHint(key, known) : `did you mean ${guess}?`;
    reading.complain({ path, offset: keyOffset }, { wrong: 'is not a known key', hint });
    if (guess !== undefined && !entries.has(guess)) unread.add(guess);
  }
}

/** The keys of these fields, with those for files. */
function keysOf(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([key, field]) => (mayBeInFile(field) ? [key, fileKey(key)] : [key]));
}

/** YAML reads `s3:{ bucket: x }` as a key that contains a colon. */
function unknownHint(key: string, known: readonly string[]): string {
  const name = known.find((candidate) => key.startsWith(`${candidate}:`));
  return name === undefined ? `the known keys are ${known.join(', ')}` : `put a space after "${name}:"`;
}

/** The value of a field that the file does not set. */
function fillIn(reading: Reading, field: Field, draft: Draft, key: string): unknown {
  const place = placeOf(draft, key);
  if (field.kind === 'map') return {};
  if ((field.kind === 'object' || field.kind === 'list') && field.optional) return ABSENT;
  if (field.kind === 'object' && field.absent !== undefined)
    return readObject(reading, field, new Map(), place, field.absent);
  const fallback = fallbackOf(field);
  switch (fallback.kind) {
    case 'optional':
      return ABSENT;
    case 'default':
      return fallback.value;
    case 'derived':
      if (fallback.of.some((name) => draft.unread.has(name))) return UNREAD;
      if (field.kind === 'list') return fallback.from(draft.values);
      return readDerived(reading, field as never, fallback.from(draft.values), place);
    case 'required':
      reading.complain(place, { wrong: 'is missing', hint: field.kind === 'object' ? nameFields(field) : field.hint });
      return UNREAD;
  }
}

function fallbackOf(field: Field): Fallback<unknown> {
  if (field.kind === 'scalar') return field.fallback;
  if (field.kind === 'list' && field.derived !== undefined) return { kind: 'derived', ...field.derived };
  return { kind: 'required' };
}

function applyRule(reading: Reading, rule: Rule<Siblings>, draft: Draft): void {
  if (rule.of.some((key) => draft.unread.has(key))) return;
  const complaint = rule.broken(draft.values);
  if (complaint !== undefined) reading.complain(placeOf(draft, rule.at), complaint);
}
