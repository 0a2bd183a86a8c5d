/** Open Policy Agent, asked by its REST API ("Data API", "Get a Document (with Input)"). */
import type { Resolved } from '../domain/stages.ts';
import type { Authorizer } from './authorizer.ts';
import type { Decided } from './decision-cache.ts';
import { createEngine, type EngineOptions, type EngineTools } from './engine.ts';
import { questionOf, writeQuery } from './question.ts';

export interface OpaOptions extends EngineOptions {
  /** Package and rule, such as `mizuchi/allow`. */
  readonly policy_path: string;
}

export function createOpa(options: OpaOptions, tools: EngineTools): Authorizer {
  const language = {
    engine: 'opa' as const,
    path: `/v1/data/${options.policy_path}`,
    ask(request: Resolved) {
      const input = questionOf(request);
      return writeQuery(input, { input });
    },
    understand,
  };
  return createEngine(language, options, tools);
}

/** Characters of a reason that go to the span. */
const MAX_REASON = 200;
/** A rule may quote a claim, and `check` writes to a terminal. */
const CONTROL = /\p{Cc}/gu;

/**
 * `true`, or an object whose `allow` is `true`: everything else denies. A document without `result` is OPA's way of saying that
 * no rule applied.
 */
function understand(document: unknown): Decided {
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
