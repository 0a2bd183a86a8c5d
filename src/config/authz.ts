/** The section `authz` of a bucket: the policy engines that authorize uploads. */
import { optionalObject, section, type ValueOf } from './field.ts';
import { boolean, httpUrl, integer, number, oneOf, secret, string } from './scalars.ts';

const TIMEOUT = number({
  prose: 'Timeout of one query to the engine, measured from when it is sent. On timeout, the upload fails with 503.',
  default: 1,
  min: 0.01,
  max: 60,
});
const CACHE_TTL = number({
  prose:
    'How long a decision is cached for equal queries, at most as long as the credentials are valid. 0 disables the cache.',
  default: 0,
  min: 0,
  max: 3600,
});
const MAX_CONCURRENT = integer({
  prose:
    'Maximum number of concurrent queries and connections to the engine. Further queries wait for up to 5 s; then the upload fails with 503 SlowDown.',
  default: 64,
  min: 1,
  max: 10_000,
});
const TOKEN = secret({
  prose: 'Sent to the engine as `Authorization: Bearer`.',
  optional: true,
  check: (token) => (/^[\x21-\x7e]+$/.test(token) ? undefined : 'is not a bearer token'),
});

const OPA = optionalObject(
  {
    url: httpUrl({ prose: 'The URL of Open Policy Agent, such as `http://127.0.0.1:8181`.' }),
    policy_path: string({
      prose:
        'The document to query, as in `POST /v1/data/<policy_path>`: `mizuchi/allow` is the rule `allow` in the package `mizuchi`.',
      check: (path) => (/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(path) ? undefined : 'is not a rule path'),
      hint: 'write the package and the rule, such as mizuchi/allow',
    }),
    timeout_seconds: TIMEOUT,
    cache_ttl_seconds: CACHE_TTL,
    max_concurrent: MAX_CONCURRENT,
    token: TOKEN,
  },
  { prose: 'Open Policy Agent.' },
);

const NAME = /^[^\s:#@*]{1,50}$/;

const OPENFGA = optionalObject(
  {
    url: httpUrl({ prose: 'The URL of OpenFGA, such as `http://127.0.0.1:8080`.' }),
    store_id: string({
      prose: 'The ID of the OpenFGA store.',
      check: (id) => (/^[0-9A-Z]{26}$/.test(id) ? undefined : 'is not a store ID'),
      hint: 'write its ULID: 26 digits and capital letters',
    }),
    model_id: string({
      prose: 'The ID of the authorization model. Defaults to the latest model.',
      optional: true,
      check: (id) => (/^[0-9A-Z]{26}$/.test(id) ? undefined : 'is not a model ID'),
      hint: 'write its ULID: 26 digits and capital letters',
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
    timeout_seconds: TIMEOUT,
    cache_ttl_seconds: CACHE_TTL,
    max_concurrent: MAX_CONCURRENT,
    token: TOKEN,
  },
  { prose: 'OpenFGA.' },
);

export const AUTHZ = section(
  {
    enabled: boolean({
      prose:
        'Whether policy engines authorize uploads. Without this section, or with `false`, every authenticated client may upload.',
      default: true,
    }),
    opa: OPA,
    openfga: OPENFGA,
  },
  {
    prose:
      'Authorization. Every configured engine must allow the upload. If an engine does not return a decision, the upload fails with 503.',
    absent: { enabled: false },
    rules: [
      {
        of: ['enabled', 'opa', 'openfga'],
        at: 'enabled',
        broken: ({ enabled, opa, openfga }) =>
          enabled && opa === undefined && openfga === undefined
            ? { wrong: 'is true, but no policy engine is configured', hint: 'add opa or openfga, or set it to false' }
            : undefined,
      },
    ],
  },
);

export type AuthzConfig = ValueOf<typeof AUTHZ>;
