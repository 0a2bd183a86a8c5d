/** Reads scalars and maps of strings. Variables are expanded here, after the YAML is parsed. */
import { isScalar, type Node, type Scalar } from 'yaml';
import { closestWord } from '../kit/closest-word.ts';
import type { Entry } from './entries.ts';
import { expand } from './expand.ts';
import type { Complaint, ScalarField, StringMapField } from './field.ts';
import { kindOf, type Place, type Reading } from './reading.ts';

/** There is no value: the default applies. */
export const ABSENT = Symbol('absent');
/** There is an invalid value, which has been reported. */
export const UNREAD = Symbol('unread');

/** YAML's null (1.2, core schema, 10.3.2): a key without a value means the same as no key. */
export function isNull(node: Node): boolean {
  return isScalar(node) && node.type === 'PLAIN' && /^(~|null|Null|NULL)?$/.test(String(node.value));
}

/** Reports a node of the wrong kind. */
export function misfit(reading: Reading, node: Node, place: Place, hint: string): typeof UNREAD {
  reading.complain(place, { wrong: `is ${kindOf(node)}`, hint });
  return UNREAD;
}

/** An empty string counts as absent. */
export function readScalar(reading: Reading, field: ScalarField<unknown>, node: Scalar, place: Place): unknown {
  const text = textOf(reading, node, place);
  if (text === UNREAD) return UNREAD;
  return text.text === '' ? ABSENT : parseText(reading, field, text, place);
}

/** A derived default is checked like a value from the file. */
export function readDerived(reading: Reading, field: ScalarField<unknown>, value: unknown, place: Place): unknown {
  return parseText(reading, field, { text: field.write(value), variables: [] }, place);
}

/** @param field of the secret, or of the secrets, of which each has its line. @param path relative to the configuration file. */
export function readSecretFile(
  reading: Reading,
  field: ScalarField<unknown> | { readonly kind: 'list'; readonly item: ScalarField<unknown> },
  path: string,
  place: Place,
): unknown {
  const read = reading.readSecret(path);
  if ('wrong' in read) {
    reading.complain(place, read, 'the file');
    return UNREAD;
  }
  if (field.kind === 'scalar') return parseSecret(reading, field, read.text, place);
  const values = read.text.split(/\r?\n/).map((line) => parseSecret(reading, field.item, line, place));
  return values.includes(UNREAD) ? UNREAD : values;
}

function parseSecret(reading: Reading, field: ScalarField<unknown>, text: string, place: Place): unknown {
  const parsed = field.parse(text);
  if ('value' in parsed) return parsed.value;
  reading.complain(place, parsed, 'the content of the file');
  return UNREAD;
}

interface Text {
  readonly text: string;
  /** The variables that were expanded in it. */
  readonly variables: readonly string[];
}

function textOf(reading: Reading, node: Scalar, place: Place): Text | typeof UNREAD {
  const expanded = expand(String(node.value), reading.env);
  for (const complaint of expanded.complaints) reading.complain(place, complaint);
  return expanded.complaints.length > 0 ? UNREAD : expanded;
}

function parseText(reading: Reading, field: ScalarField<unknown>, text: Text, place: Place): unknown {
  const parsed = field.parse(text.text);
  if ('value' in parsed) return parsed.value;
  reading.complain(place, withGuess(field, text, parsed), subjectOf(text, field.discreet));
  return UNREAD;
}

/** Quotes the value, unless it is secret or comes from the environment, which may contain secrets. */
function subjectOf({ text, variables }: Text, discreet: boolean): string {
  if (variables.length > 0) return `the value (with ${variables.map((name) => `\${${name}}`).join(', ')})`;
  return discreet ? 'the value' : JSON.stringify(shorten(text));
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

function withGuess(field: ScalarField<unknown>, { text, variables }: Text, { wrong, hint }: Complaint): Complaint {
  const guess = variables.length > 0 ? undefined : closestWord(shorten(text), field.words);
  return { wrong, hint: guess === undefined ? hint : `did you mean ${guess}? ${hint}` };
}

/** Entries with an empty string are omitted. */
export function readStringMap(
  reading: Reading,
  field: StringMapField<unknown>,
  entries: ReadonlyMap<string, Entry>,
): Readonly<Record<string, string>> {
  const texts = new Map<string, string>();
  for (const [key, entry] of entries) {
    const name = field.spell(key);
    const wrongKey = texts.has(name) ? DUPLICATE : key.includes('${') ? VARIABLE_IN_KEY : field.checkKey(name);
    if (wrongKey !== undefined) reading.complain({ path: entry.path, offset: entry.keyOffset }, wrongKey);
    const text = readMapEntry(reading, field, entry);
    if (text !== '') texts.set(name, text);
  }
  return Object.fromEntries(texts);
}

const DUPLICATE = { wrong: 'is a duplicate in different spelling', hint: 'remove one of them' };
const VARIABLE_IN_KEY = { wrong: 'has a variable in its name', hint: 'use variables in values only' };

function readMapEntry(reading: Reading, field: StringMapField<unknown>, entry: Entry): string {
  const node = entry.node === null ? undefined : reading.follow(entry.node, entry);
  if (node === undefined || isNull(node)) return '';
  if (!isScalar(node)) misfit(reading, node, entry, 'write one line of text');
  const text = isScalar(node) ? textOf(reading, node, entry) : UNREAD;
  if (text === UNREAD || text.text === '') return '';
  const wrong = field.checkValue(text.text);
  if (wrong !== undefined) reading.complain(entry, wrong, subjectOf(text, field.discreet));
  return text.text;
}
