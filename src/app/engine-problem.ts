/** Describes, for `check` and `doctor`, why a policy engine did not return a decision: where, the cause, and what to do. */
import { EngineError, type EngineProblem } from '../authz/engine-error.ts';
import { configuredEngines } from '../authz/engines.ts';
import type { AuthzConfig } from '../config/authz.ts';
import type { Failure } from '../domain/failure.ts';
import { errorCode } from '../kit/connection-error.ts';

interface EngineProblemText {
  /** The problem with the URL and the cause. It contains no secret: URLs of the configuration have no user name and query. */
  readonly what: string;
  readonly hint: string;
}

type Row = readonly [what: (url: string) => string, hint: (section: string) => string];

const checkUrl = (section: string): string => `check ${section}.url: another server may listen there`;

const TEXTS: Readonly<Record<EngineProblem, Row>> = {
  engine_unreachable: [
    (url) => `no connection to ${url}`,
    (section) => `check ${section}.url, DNS and firewalls, and that the engine is running`,
  ],
  engine_timeout: [
    (url) => `no response in time from ${url}`,
    (section) => `check ${section}.url and timeout_seconds, and the load of the engine`,
  ],
  engine_reset: [
    (url) => `no response from ${url}: the connection was closed`,
    (section) => `check ${section}.url, and whether the engine uses TLS`,
  ],
  engine_failed: [(url) => `error response from ${url}`, () => "see the engine's own log"],
  engine_redirected: [(url) => `redirect from ${url}`, (section) => `set ${section}.url to the new address`],
  engine_answer_too_large: [(url) => `the response from ${url} is too large`, checkUrl],
  engine_answer_not_json: [(url) => `the response from ${url} is not JSON`, checkUrl],
  engine_refused: [
    (url) => `the query was rejected by ${url}`,
    (section) => `check ${section}: url, names and token; docs/policy.md`,
  ],
};

/** @param engine its name. @returns undefined if the engine is not the cause of the failure. */
export function engineProblem(authz: AuthzConfig, engine: string, failure: Failure): EngineProblemText | undefined {
  const { cause } = failure;
  const configured = configuredEngines(authz).find((one) => one.engine.name === engine);
  if (!(cause instanceof EngineError) || configured === undefined) return undefined;
  const [what, hint] = TEXTS[cause.problem];
  const detail = detailOf(cause);
  const text = what(configured.options.url);
  return { what: detail === undefined ? text : `${text} (${detail})`, hint: hint(`authz.${engine}`) };
}

function detailOf({ status, cause }: EngineError): string | undefined {
  if (status !== undefined) return `HTTP ${status}`;
  return cause instanceof Error ? errorCode(cause) : undefined;
}
