/**
 * The row of a policy engine: its name, its configuration, and how it is called. A new engine is one such file and one line
 * in engines.ts. Configuration, spans, metrics, `check`, `doctor` and the reference pages are made from the row.
 */
import { type Fields, type ObjectField, optionalObject, type Values } from '../config/field.ts';
import { httpUrl, integer, number, secret } from '../config/scalars.ts';
import type { Resolved } from '../domain/stages.ts';
import type { Decided } from './decision-cache.ts';
import type { EngineClientOptions, IsQueryError } from './engine-client.ts';

/** How a policy engine is called, and how its response is read. */
export interface EngineProtocol<Options> {
  /** Path of the call, below the URL of the engine. */
  path(options: Options): string;
  /** The body of the call, or a decision that needs no call. */
  encode(options: Options, request: Resolved): string | Decided;
  /** Reads the JSON document of a 200. A document without a decision denies. */
  decode(document: unknown): Decided;
  /** Whether an error response is about this query only, so that the circuit breaker does not count it. */
  readonly isQueryError?: IsQueryError;
}

export interface PolicyEngine<Name extends string = string, Options = never> extends EngineProtocol<Options> {
  /** Name of its section in `authz`, of its span `authz.<name>`, and of its value of the label `engine`. */
  readonly name: Name;
  /** Name for people. */
  readonly title: string;
  /** Its section in `authz`. */
  readonly section: ObjectField<Options | undefined>;
  /** Whether it decides about the caller, so that the bucket has to authenticate its clients. */
  readonly needsSubject: boolean;
  /** What `check` shows of it. */
  describe(options: Options): string;
}

/** One engine, whatever its settings. */
// biome-ignore lint/suspicious/noExplicitAny: each row receives the settings of its section only
export type AnyEngine = PolicyEngine<string, any>;

/** The settings that the gateway itself uses. */
export interface EngineOptions extends EngineClientOptions {
  readonly cache_ttl_seconds: number;
}

/** Settings that every engine has. */
const SHARED = {
  timeout_seconds: number({
    prose: 'Timeout of one query to the engine, measured from when it is sent. On timeout, the upload fails with 503.',
    default: 1,
    min: 0.01,
    max: 60,
  }),
  cache_ttl_seconds: number({
    prose:
      'How long a decision is cached for equal queries, at most as long as the credentials are valid. 0 disables the cache.',
    default: 0,
    min: 0,
    max: 3600,
  }),
  max_concurrent: integer({
    prose:
      'Maximum number of concurrent queries and connections to the engine. Further queries wait for up to 5 s; then the upload fails with 503 SlowDown.',
    default: 64,
    min: 1,
    max: 10_000,
  }),
  token: secret({
    prose: 'Sent to the engine as `Authorization: Bearer`.',
    optional: true,
    check: (token) => (/^[\x21-\x7e]+$/.test(token) ? undefined : 'is not a bearer token'),
  }),
};

interface EngineDefinition<Name extends string, F extends Fields> {
  readonly name: Name;
  readonly title: string;
  /** Where it listens, as an example. */
  readonly exampleUrl: string;
  /** Settings of this engine only. */
  readonly fields: F;
  readonly needsSubject: boolean;
  readonly protocol: EngineProtocol<EngineSettings<F>>;
  describe(options: EngineSettings<F>): string;
}

const urlOf = (title: string, example: string) => httpUrl({ prose: `The URL of ${title}, such as \`${example}\`.` });

type SharedFields = { readonly url: ReturnType<typeof urlOf> } & typeof SHARED;
/** The settings of an engine with these fields. */
export type EngineSettings<F extends Fields> = Values<SharedFields & F>;

export function policyEngine<const Name extends string, const F extends Fields>(
  definition: EngineDefinition<Name, F>,
): PolicyEngine<Name, EngineSettings<F>> {
  const { name, title, exampleUrl, fields, needsSubject, protocol } = definition;
  const section = optionalObject({ url: urlOf(title, exampleUrl), ...fields, ...SHARED }, { prose: `${title}.` });
  return {
    name,
    title,
    needsSubject,
    section: section as ObjectField<EngineSettings<F> | undefined>,
    describe: (options) => definition.describe(options),
    ...protocol,
  };
}
