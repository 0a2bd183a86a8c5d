/** The section `authz` of a bucket: which policy engines are asked whether a caller may upload. */
import { optionalObject, section, type ValueOf } from './field.ts';
import { boolean, httpUrl, integer, number, oneOf, secret, string } from './scalars.ts';

const TIMEOUT = number({
  prose:
    'How long one answer may take, from the moment at which the question is sent. What takes longer is no answer: the upload gets 503.',
  default: 1,
  min: 0.01,
  max: 60,
});
const CACHE_TTL = number({
  prose: 'How long a decision is remembered for an equal question; never longer than the credential. 0 asks each time.',
  default: 0,
  min: 0,
  max: 3600,
});
const MAX_CONCURRENT = integer({
  prose:
    'How many questions the engine is asked at once; more wait in line for up to 5 s, then the upload gets 503 SlowDown. No more connections than that are opened.',
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
    url: httpUrl({ prose: 'Where Open Policy Agent listens, such as `http://127.0.0.1:8181`.' }),
    policy_path: string({
      prose:
        'The document that decides, as in `POST /v1/data/<policy_path>`: `mizuchi/allow` is the rule `allow` of the package `mizuchi`.',
      check: (path) => (/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(path) ? undefined : 'is not the path of a rule'),
      mend: 'write package and rule, such as mizuchi/allow',
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
    url: httpUrl({ prose: 'Where OpenFGA listens, such as `http://127.0.0.1:8080`.' }),
    store_id: string({
      prose: 'The id of the store.',
      check: (id) => (/^[0-9A-Z]{26}$/.test(id) ? undefined : 'is not the id of a store'),
      mend: 'write its ULID: 26 digits and capital letters',
    }),
    model_id: string({
      prose: 'The id of the authorization model; without it the newest counts.',
      optional: true,
      check: (id) => (/^[0-9A-Z]{26}$/.test(id) ? undefined : 'is not the id of a model'),
      mend: 'write its ULID: 26 digits and capital letters',
    }),
    relation: string({
      prose: 'The relation that a caller needs.',
      default: 'writer',
      check: (name) => (NAME.test(name) ? undefined : 'is not the name of a relation'),
    }),
    user_type: string({
      prose: 'The type of callers: `user:<subject>`.',
      default: 'user',
      check: (name) => (NAME.test(name) ? undefined : 'is not the name of a type'),
    }),
    object_type: string({
      prose: 'The type of what is written: `object:<bucket>/<key>`, or `object:<bucket>` with `check: bucket`.',
      default: 'object',
      check: (name) => (NAME.test(name) ? undefined : 'is not the name of a type'),
    }),
    check: oneOf(['object', 'bucket'], {
      prose: 'What the caller must have the relation to: the very object, or the bucket.',
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
        'Whether a policy engine is asked. Where the section is absent, or with `false`, whoever is known may upload.',
      default: true,
    }),
    opa: OPA,
    openfga: OPENFGA,
  },
  {
    prose: 'Who may upload: every engine that is configured must allow it. One that gives no clear answer means 503.',
    absent: { enabled: false },
    rules: [
      {
        of: ['enabled', 'opa', 'openfga'],
        at: 'enabled',
        broken: ({ enabled, opa, openfga }) =>
          enabled && opa === undefined && openfga === undefined
            ? { wrong: 'is true, but there is no policy engine', mend: 'add opa or openfga, or set it to false' }
            : undefined,
      },
    ],
  },
);

export type AuthzConfig = ValueOf<typeof AUTHZ>;
