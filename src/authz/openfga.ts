/** OpenFGA, asked by its API ("Check"): whether the user has the relation to the object, or to the bucket. */
import type { Resolved } from '../domain/stages.ts';
import type { Authorizer } from './authorizer.ts';
import type { Decided } from './decision-cache.ts';
import { createEngine, type EngineOptions, type EngineTools } from './engine.ts';
import { MAX_OBJECT, MAX_USER, nameOf } from './openfga-names.ts';
import { questionOf, writeQuery } from './question.ts';

export interface OpenFgaOptions extends EngineOptions {
  readonly store_id: string;
  readonly model_id?: string | undefined;
  readonly relation: string;
  readonly user_type: string;
  readonly object_type: string;
  readonly check: 'object' | 'bucket';
}

export function createOpenFga(options: OpenFgaOptions, tools: EngineTools): Authorizer {
  const language = {
    engine: 'openfga' as const,
    path: `/stores/${options.store_id}/check`,
    ask: (request: Resolved) => check(options, request),
    understand,
  };
  return createEngine(language, options, tools);
}

/** What cannot be named cannot be asked, and so is not allowed: never is another name taken in its place. */
function check(options: OpenFgaOptions, request: Resolved): string | Decided {
  const question = questionOf(request);
  const { subject, resource, context } = question;
  if (subject === undefined) return { allow: false, reason: 'no_subject' };
  const user = nameOf(options.user_type, subject, MAX_USER);
  if (user === undefined) return { allow: false, reason: 'subject_too_long' };
  const id = options.check === 'bucket' ? resource.bucket : `${resource.bucket}/${resource.key}`;
  const object = nameOf(options.object_type, id, MAX_OBJECT);
  if (object === undefined) return { allow: false, reason: 'object_too_long' };
  return writeQuery(question, {
    tuple_key: { user, relation: options.relation, object },
    ...(options.model_id !== undefined && { authorization_model_id: options.model_id }),
    context,
  });
}

/** Only `"allowed": true` allows. */
function understand(document: unknown): Decided {
  const allowed =
    typeof document === 'object' && document !== null ? (document as { allowed?: unknown }).allowed : undefined;
  if (allowed === true) return { allow: true, reason: 'relation' };
  return { allow: false, reason: allowed === false ? 'no_relation' : 'answer_without_decision' };
}
