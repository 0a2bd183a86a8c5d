/** Open Policy Agent, called by its REST API ("Data API", "Get a Document (with Input)"). */

import { string } from '../config/scalars.ts';
import { queryOf, writeQuery } from './authorization-query.ts';
import type { Decided } from './decision-cache.ts';
import { policyEngine } from './policy-engine.ts';

export const OPA = policyEngine({
  name: 'opa',
  title: 'Open Policy Agent',
  exampleUrl: 'http://127.0.0.1:8181',
  needsSubject: false,
  fields: {
    policy_path: string({
      prose:
        'The document to query, as in `POST /v1/data/<policy_path>`: `mizuchi/allow` is the rule `allow` in the package `mizuchi`.',
      check: (path) => (/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(path) ? undefined : 'is not a rule path'),
      hint: 'write the package and the rule, such as mizuchi/allow',
    }),
  },
  protocol: {
    path: ({ policy_path }) => `/v1/data/${policy_path}`,
    encode(_, request) {
      const input = queryOf(request);
      return writeQuery(input, { input });
    },
    decode,
    isQueryError: (body) => EVALUATION_ERROR.test(body),
  },
  describe: ({ url, policy_path }) => `OPA ${url}, ${policy_path}`,
});

/**
 * OPA responds with 500 if its rules contradict each other for one query (REST API, "Errors"). A client that finds such a query must
 * not open the circuit breaker for all others.
 */
const EVALUATION_ERROR = /"code":\s*"eval_[a-z_]+"/;

/** Characters of a reason on the span. */
const MAX_REASON = 200;
/** A rule may quote a claim, and `check` writes to a terminal. */
const CONTROL = /\p{Cc}/gu;

/** `true`, or an object whose `allow` is `true`; everything else denies. Without `result`, no rule applied. */
function decode(document: unknown): Decided {
  const result = fieldOf(document, 'result');
  if (result === undefined) return { allow: false, reason: 'policy_undefined' };
  const allow = typeof result === 'boolean' ? result : fieldOf(result, 'allow');
  if (typeof allow !== 'boolean') return { allow: false, reason: 'policy_not_boolean' };
  const reason = fieldOf(result, 'reason');
  const given = typeof reason === 'string' && reason !== '' ? readable(reason) : undefined;
  return { allow, reason: given ?? (allow ? 'policy_allowed' : 'policy_denied') };
}

function readable(reason: string): string {
  return reason.slice(0, MAX_REASON).replace(CONTROL, ' ').toWellFormed();
}

function fieldOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
