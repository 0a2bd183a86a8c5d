/**
 * The building blocks of the configuration. A field is data: its type, default, check, prose and hint are in one place. The
 * reader, the Config type and docs/configuration.md are derived from it. scalars.ts builds scalar fields.
 */

/** A problem of a value, and how to fix it. Never quotes the value: the code that reports it knows whether it is secret. */
export interface Complaint {
  /** Follows the value: "is not a whole number". */
  readonly wrong: string;
  /** Follows "; ": "write a number from 1 to 10". */
  readonly hint: string;
}

export type Parsed<T> = { readonly value: T } | Complaint;

/** The values of the other fields of the same object, for defaults that depend on them. */
export type Siblings = Readonly<Record<string, unknown>>;

/** A default that depends on other fields of the same object. */
export interface Derived<T> {
  readonly of: readonly string[];
  readonly from: (siblings: Siblings) => T;
  /** The default in words, for the reference. */
  readonly text: string;
}

/** What applies if the file does not set the field. */
export type Fallback<T> =
  | { readonly kind: 'required' }
  | { readonly kind: 'optional' }
  | { readonly kind: 'default'; readonly value: T }
  | ({ readonly kind: 'derived' } & Derived<T>);

interface Described<T> {
  /** The description for operators: one or two sentences. */
  readonly prose: string;
  /** Never set: only carries the type of the value. */
  readonly holds?: () => T;
}

export interface ScalarField<T> extends Described<T> {
  readonly kind: 'scalar';
  /** The type in words, for the reference. */
  readonly type: string;
  /** How to fix a missing or invalid value. */
  readonly hint: string;
  /** Whether problems must not quote the value. */
  readonly discreet: boolean;
  /** Whether `NAME_file` may name a file with the value instead. */
  readonly mayBeInFile: boolean;
  /** The allowed values, if they can be listed. */
  readonly words: readonly string[];
  readonly parse: (text: string) => Parsed<T>;
  readonly fallback: Fallback<T>;
  /** Formats a value in the syntax of the file. */
  write(value: T): string;
}

export interface StringMapField<T> extends Described<T> {
  readonly kind: 'map';
  readonly type: string;
  readonly discreet: boolean;
  /** Normalizes a name. Names that are equal after it are duplicates. */
  readonly spell: (key: string) => string;
  /** Checks the normalized name. */
  readonly checkKey: (key: string) => Complaint | undefined;
  readonly checkValue: (value: string) => Complaint | undefined;
}

export interface ListField<T> extends Described<T> {
  readonly kind: 'list';
  readonly item: ObjectField<unknown> | ScalarField<unknown>;
  /** Whether the list may be absent. If present, it has at least one item, unless its default is derived. */
  readonly optional: boolean;
  /** The default of a list that depends on other fields. Such a list may also be empty in the file. */
  readonly derived?: Derived<T>;
  /** Fields in which no two items may be equal. */
  readonly unique: readonly string[];
  readonly hint: string;
}

export interface ObjectField<T> extends Described<T> {
  readonly kind: 'object';
  readonly fields: Fields;
  readonly rules: readonly Rule<never>[];
  /** Values that override the defaults if the whole section is absent; undefined if the section is required. */
  readonly absent: Siblings | undefined;
  /** Whether the object may be absent and then has no value. */
  readonly optional: boolean;
  /** Whether the key without a value is an error. Otherwise it is like an absent section. */
  readonly refuseEmpty?: boolean;
}

export type Field<T = unknown> = ScalarField<T> | StringMapField<T> | ListField<T> | ObjectField<T>;
export type Fields = Readonly<Record<string, Field>>;

/** A condition on several fields of one object. */
export interface Rule<T> {
  /** The fields it reads. It is checked only if each of them is valid. */
  readonly of: readonly (keyof T & string)[];
  /** The field whose position in the file is reported. */
  readonly at: keyof T & string;
  readonly broken: (values: T) => Complaint | undefined;
}

/** The type of a field's value. */
export type ValueOf<F> = F extends { readonly holds?: () => infer T } ? T : never;

type OptionalKeys<F> = { [K in keyof F]: undefined extends ValueOf<F[K]> ? K : never }[keyof F];
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The type of an object with these fields: readonly, with the same keys as in the file. */
export type Values<F> = Flat<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & { [K in OptionalKeys<F>]?: ValueOf<F[K]> }
>;

export interface ObjectOptions<T> {
  readonly prose: string;
  readonly rules?: readonly Rule<T>[];
  readonly absent?: { readonly [K in keyof T]?: T[K] };
  /** For sections whose absence takes away protection. */
  readonly refuseEmpty?: boolean;
}

/** A section that may be absent: its fields then have their defaults, or the values in `absent`. */
export function section<const F extends Fields>(fields: F, options: ObjectOptions<Values<F>>): ObjectField<Values<F>> {
  const { prose, rules = [], absent = {}, refuseEmpty = false } = options;
  return { kind: 'object', fields, prose, rules, absent, optional: false, refuseEmpty };
}

/** A required object. */
export function object<const F extends Fields>(
  fields: F,
  options: Omit<ObjectOptions<Values<F>>, 'absent'>,
): ObjectField<Values<F>> {
  return {
    kind: 'object',
    fields,
    prose: options.prose,
    rules: options.rules ?? [],
    absent: undefined,
    optional: false,
  };
}

/** An object that may be absent, and then has no value. */
export function optionalObject<const F extends Fields>(
  fields: F,
  options: Omit<ObjectOptions<Values<F>>, 'absent'>,
): ObjectField<Values<F> | undefined> {
  return {
    kind: 'object',
    fields,
    prose: options.prose,
    rules: options.rules ?? [],
    absent: undefined,
    optional: true,
  };
}

export interface ListOptions<T> {
  readonly prose: string;
  readonly hint: string;
  readonly unique?: readonly (keyof T & string)[];
}

type Item<T> = ObjectField<T> | ScalarField<T>;

/** A list of at least one item. */
export function list<T>(item: Item<T>, { prose, hint, unique = [] }: ListOptions<T>): ListField<readonly T[]> {
  return { kind: 'list', item, prose, hint, unique, optional: false };
}

/** A list that may be absent. */
export function optionalList<T>(item: Item<T>, options: ListOptions<T>): ListField<readonly T[] | undefined> {
  return { ...list(item, options), optional: true };
}

/** A list with a default that depends on other fields. It may be empty. */
export function derivedList<T>(
  item: Item<T>,
  { derived, ...options }: ListOptions<T> & { readonly derived: Derived<readonly T[]> },
): ListField<readonly T[]> {
  return { ...list(item, options), derived };
}

export interface StringMapOptions {
  readonly prose: string;
  readonly type: string;
  readonly discreet?: boolean;
  readonly spell?: (key: string) => string;
  readonly checkKey?: (key: string) => Complaint | undefined;
  readonly checkValue?: (value: string) => Complaint | undefined;
}

/** Names that the operator chooses, each with a string. Entries with an empty string are omitted. */
export function stringMap(options: StringMapOptions): StringMapField<Readonly<Record<string, string>>> {
  const valid = () => undefined;
  const { discreet = false, spell = (key: string) => key, checkKey = valid, checkValue = valid } = options;
  return { kind: 'map', prose: options.prose, type: options.type, discreet, spell, checkKey, checkValue };
}
