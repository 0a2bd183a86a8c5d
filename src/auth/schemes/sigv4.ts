/** AWS Signature Version 4 as credentials: its settings, and how a request carries it. */
import { CREDENTIAL } from '../../config/credential.ts';
import { optionalList, optionalObject, type ValueOf } from '../../config/field.ts';
import { string } from '../../config/scalars.ts';
import { authScheme } from '../auth-scheme.ts';
import type { JwtConfig } from './jwt.ts';

const SECTION = optionalObject(
  {
    region: string({
      prose: 'The region in the credential scope of client signatures.',
      default: 'us-east-1',
      check: (region) => (/^[A-Za-z0-9_-]{1,64}$/.test(region) ? undefined : 'is not a region name'),
      hint: 'write a name such as us-east-1',
    }),
    credentials: optionalList(CREDENTIAL, {
      prose: 'The keys that clients may sign with.',
      hint: 'add at least one with an access_key and a secret_key',
      unique: ['access_key'],
    }),
    credentials_file: string({
      prose:
        'A YAML file with the same list under `credentials:`. The path is relative to this file; SIGHUP reloads it.',
      type: 'path',
      optional: true,
    }),
  },
  {
    prose: 'AWS Signature Version 4: in headers, presigned URLs, signed chunks and POST forms.',
    rules: [
      {
        of: ['credentials', 'credentials_file'],
        at: 'credentials',
        broken: ({ credentials, credentials_file }) =>
          credentials === undefined && credentials_file === undefined
            ? { wrong: 'is missing', hint: 'list the keys here, or set credentials_file' }
            : undefined,
      },
    ],
  },
);

export type SigV4Config = NonNullable<ValueOf<typeof SECTION>>;

/** Any of these parameters makes a request a presigned one: half a presigned request is not anonymous, but invalid. */
const SIGNATURE_PARAMETER = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token)$/i;
/** The form fields of Signature Version 4, and the policy that they sign. */
const POLICY_FIELD = /^(policy|x-amz-(algorithm|credential|date|signature|security-token))$/;

export const SIGV4 = authScheme({
  name: 'sigv4',
  section: SECTION,
  methods: { sigv4: undefined, 'sigv4+jwt': 'a token inside a signed request', post_policy: undefined },
  kinds: [
    { name: 'sigv4_header', scheme: /^aws4-/, challenge: { scheme: 'AWS4-HMAC-SHA256', status: 403 } },
    { name: 'sigv4_query', isIn: ({ incoming }) => incoming.query.some(([name]) => SIGNATURE_PARAMETER.test(name)) },
    {
      name: 'post_policy',
      isIn: ({ form }) => form !== undefined && [...form.fields.keys()].some((name) => POLICY_FIELD.test(name)),
    },
  ],
  describe({ region, credentials, credentials_file }) {
    const count = credentials?.length ?? 0;
    const keys = [count > 0 ? `${count} of this file` : '', credentials_file ?? ''].filter(Boolean).join(' and ');
    return [`Signature V4 for ${region}, keys: ${keys}`];
  },
  rules: [
    {
      of: ['jwt', 'sigv4'],
      at: 'jwt',
      broken: ({ jwt, sigv4 }: { readonly jwt?: JwtConfig; readonly sigv4?: SigV4Config }) =>
        jwt?.session_token !== undefined &&
        sigv4?.credentials?.some(({ access_key }) => access_key === jwt.session_token?.access_key) === true
          ? {
              wrong: 'has a session_token.access_key that is also one of sigv4.credentials',
              hint: 'use a different access key',
            }
          : undefined,
    },
  ],
});
