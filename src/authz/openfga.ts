/** OpenFGA, called by its API ("Check"): whether the user has the relation to the object, or to the bucket. */

import { oneOf, string } from '../config/scalars.ts';
import type { Resolved } from '../domain/stages.ts';
import { queryOf, writeQuery } from './authorization-query.ts';
import type { Decided } from './decision-cache.ts';
import { MAX_OBJECT, MAX_USER, nameOf } from './openfga-names.ts';
import { type EngineSettings, policyEngine } from './policy-engine.ts';

const ULID = /^[0-9A-Z]{26}$/;
const WRITE_ULID = 'write its ULID: 26 digits and capital letters';
const NAME = /^[^\s:#@*]{1,50}$/;

const FIELDS = {
  store_id: string({
    prose: 'The ID of the OpenFGA store.',
    check: (id) => (ULID.test(id) ? undefined : 'is not a store ID'),
    mend: WRITE_ULID,
  }),
  model_id: string({
    prose: 'The ID of the authorization model. Defaults to the latest model.',
    optional: true,
    check: (id) => (ULID.test(id) ? undefined : 'is not a model ID'),
    mend: WRITE_ULID,
  }),
  relation: string({
    prose: 'The relation that the client must have.',
    default: 'writer',
    check: (name) => (NAME.test(name) ? undefined : 'is not a relation name'),
  }),
  user_type: string({
    prose: 'The type of users: `user:<subject>`.',
    default: 'user',
    check: (name) => (NAME.test(name) ? undefined : 'is not a type name'),
  }),
  object_type: string({
    prose: 'The type of objects: `object:<bucket>/<key>`, or `object:<bucket>` with `check: bucket`.',
    default: 'object',
    check: (name) => (NAME.test(name) ? undefined : 'is not a type name'),
  }),
  check: oneOf(['object', 'bucket'], {
    prose: 'Whether the client must have the relation to the object or to its bucket.',
    default: 'object',
  }),
} as const;

type OpenFgaOptions = EngineSettings<typeof FIELDS>;

export const OPENFGA = policyEngine({
  name: 'openfga',
  title: 'OpenFGA',
  exampleUrl: 'http://127.0.0.1:8080',
  needsSubject: true,
  fields: FIELDS,
  protocol: { path: ({ store_id }) => `/stores/${store_id}/check`, encode, decode },
  describe: ({ url, relation, check }) => `OpenFGA ${url}, ${relation} of the ${check}`,
});

/** A subject or key whose name is too long is denied; it is never shortened to another name. */
function encode(options: OpenFgaOptions, request: Resolved): string | Decided {
  const query = queryOf(request);
  const { subject, resource, context } = query;
  if (subject === undefined) return { allow: false, reason: 'no_subject' };
  const user = nameOf(options.user_type, subject, MAX_USER);
  if (user === undefined) return { allow: false, reason: 'subject_too_long' };
  const id = options.check === 'bucket' ? resource.bucket : `${resource.bucket}/${resource.key}`;
  const object = nameOf(options.object_type, id, MAX_OBJECT);
  if (object === undefined) return { allow: false, reason: 'object_too_long' };
  return writeQuery(query, {
    tuple_key: { user, relation: options.relation, object },
    ...(options.model_id !== undefined && { authorization_model_id: options.model_id }),
    context,
  });
}

/** Only `"allowed": true` allows. */
function decode(document: unknown): Decided {
  const allowed =
    typeof document === 'object' && document !== null ? (document as { allowed?: unknown }).allowed : undefined;
  if (allowed === true) return { allow: true, reason: 'relation' };
  return { allow: false, reason: allowed === false ? 'no_relation' : 'answer_without_decision' };
}
