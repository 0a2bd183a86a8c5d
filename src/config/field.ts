/**
 * The vocabulary of the configuration. A field is data: its type, default, check, prose and how to mend a mistake stand in
 * one place, and the reader, the Config type and docs/configuration.md are made from it. Scalars are built in scalars.ts.
 */

/** What is wrong with a value, and how to mend it. Never quotes the value: whoever reports it knows whether it is secret. */
export interface Complaint {
  /** Reads on after the value: "is not a whole number". */
  readonly wrong: string;
  /** Reads on after "; ": "write a number from 1 to 10". */
  readonly mend: string;
}

export type Parsed<T> = { readonly value: T } | Complaint;

/** The values of the other fields of the same object, for defaults that depend on them. */
export type Siblings = Readonly<Record<string, unknown>>;

/** A default that depends on other fields of the same object. */
export interface Derived<T> {
  readonly of: readonly string[];
  readonly from: (siblings: Siblings) => T;
  /** The same in words, for the reference. */
  readonly text: string;
}

/** What holds where the file says nothing. */
export type Fallback<T> =
  | { readonly kind: 'required' }
  | { readonly kind: 'optional' }
  | { readonly kind: 'default'; readonly value: T }
  | ({ readonly kind: 'derived' } & Derived<T>);

interface Described<T> {
  /** What it does, for the operator: one or two sentences. */
  readonly prose: string;
  /** Never set: it carries the type of the value. */
  readonly holds?: () => T;
}

export interface ScalarField<T> extends Described<T> {
  readonly kind: 'scalar';
  /** The type, in words for the reference. */
  readonly type: string;
  /** How to mend a missing or wrong value. */
  readonly mend: string;
  /** Whether problems must not quote the value. */
  readonly discreet: boolean;
  /** The values that it may have, where they can be listed. */
  readonly words: readonly string[];
  readonly parse: (text: string) => Parsed<T>;
  readonly fallback: Fallback<T>;
  /** Writes a default as the file would. */
  write(value: T): string;
}

export interface StringMapField<T> extends Described<T> {
  readonly kind: 'map';
  readonly type: string;
  readonly discreet: boolean;
  /** The spelling of a name that is kept; names that are equal then are given twice. */
  readonly spell: (key: string) => string;
  /** Asked of the name as it is kept. */
  readonly checkKey: (key: string) => Complaint | undefined;
  readonly checkValue: (value: string) => Complaint | undefined;
}

export interface ListField<T> extends Described<T> {
  readonly kind: 'list';
  readonly item: ObjectField<unknown> | ScalarField<unknown>;
  /** Whether it may be absent. One that is there has at least one item. */
  readonly optional: boolean;
  /** Fields in which no two items may be equal. */
  readonly unique: readonly string[];
  readonly mend: string;
}

export interface ObjectField<T> extends Described<T> {
  readonly kind: 'object';
  readonly fields: Fields;
  readonly rules: readonly Rule<never>[];
  /** Values that differ from the defaults where the whole section is absent; undefined where that is not allowed. */
  readonly absent: Siblings | undefined;
  /** Whether it may be absent and then has no value at all. */
  readonly optional: boolean;
}

export type Field<T = unknown> = ScalarField<T> | StringMapField<T> | ListField<T> | ObjectField<T>;
export type Fields = Readonly<Record<string, Field>>;

/** What several fields of one object must fulfil together. */
export interface Rule<T> {
  /** The fields it looks at; it is asked only when all of them are well by themselves. */
  readonly of: readonly (keyof T & string)[];
  /** The field whose place in the file is reported. */
  readonly at: keyof T & string;
  readonly broken: (values: T) => Complaint | undefined;
}

/** The type of a field's value. */
export type ValueOf<F> = F extends { readonly holds?: () => infer T } ? T : never;

type OptionalKeys<F> = { [K in keyof F]: undefined extends ValueOf<F[K]> ? K : never }[keyof F];
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The type of an object with these fields: readonly, its keys named as in the file. */
export type Values<F> = Flat<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & { [K in OptionalKeys<F>]?: ValueOf<F[K]> }
>;

export interface ObjectOptions<T> {
  readonly prose: string;
  readonly rules?: readonly Rule<T>[];
  readonly absent?: { readonly [K in keyof T]?: T[K] };
}

/** A section that may be absent: every field of it then has its default, or what `absent` says. */
export function section<const F extends Fields>(fields: F, options: ObjectOptions<Values<F>>): ObjectField<Values<F>> {
  const { prose, rules = [], absent = {} } = options;
  return { kind: 'object', fields, prose, rules, absent, optional: false };
}

/** An object that must be there. */
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

/** An object that may be left out, and then means that there is none. */
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
  readonly mend: string;
  readonly unique?: readonly (keyof T & string)[];
}

type Item<T> = ObjectField<T> | ScalarField<T>;

/** A list of at least one item. */
export function list<T>(item: Item<T>, { prose, mend, unique = [] }: ListOptions<T>): ListField<readonly T[]> {
  return { kind: 'list', item, prose, mend, unique, optional: false };
}

/** A list that may be left out. */
export function optionalList<T>(item: Item<T>, options: ListOptions<T>): ListField<readonly T[] | undefined> {
  return { ...list(item, options), optional: true };
}

export interface StringMapOptions {
  readonly prose: string;
  readonly type: string;
  readonly discreet?: boolean;
  readonly spell?: (key: string) => string;
  readonly checkKey?: (key: string) => Complaint | undefined;
  readonly checkValue?: (value: string) => Complaint | undefined;
}

/** Names chosen by the operator, each with a text. Entries with an empty text are left out. */
export function stringMap(options: StringMapOptions): StringMapField<Readonly<Record<string, string>>> {
  const well = () => undefined;
  const { discreet = false, spell = (key: string) => key, checkKey = well, checkValue = well } = options;
  return { kind: 'map', prose: options.prose, type: options.type, discreet, spell, checkKey, checkValue };
}
