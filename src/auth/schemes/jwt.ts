/** JSON Web Tokens as credentials: their settings, and how a request carries them. */
import { checkAccessKey } from '../../config/credential.ts';
import { type Complaint, type Fields, object, optionalList, optionalObject, type ValueOf } from '../../config/field.ts';
import { httpUrl, number, oneOf, secret, string } from '../../config/scalars.ts';
import { authScheme } from '../auth-scheme.ts';

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/** One identity provider: whose tokens are believed, and by which key. */
const PROVIDER = {
  algorithms: optionalList(oneOf(ALGORITHMS, { prose: 'A signature algorithm (RFC 7518, section 3.1).' }), {
    prose: 'The signature algorithms that are accepted. Tokens with any other algorithm are rejected, `none` included.',
    hint: 'name at least one, such as [RS256, ES256]',
  }),
  algorithm: oneOf(ALGORITHMS, { prose: 'The signature algorithm, if there is only one.', optional: true }),
  secret: secret({
    prose: 'The shared secret for HS256, HS384 or HS512; at least as long as the hash (32, 48 or 64 bytes).',
    optional: true,
  }),
  public_key_file: string({
    prose: 'A PEM file with the public key. The path is relative to this file.',
    type: 'path',
    optional: true,
  }),
  jwks_url: httpUrl({
    prose:
      "The URL of the provider's JSON Web Key Set (RFC 7517). It is fetched when first needed and refreshed in the background. While the provider is unreachable, the cached keys are used for up to an hour.",
    optional: true,
  }),
  issuer: string({
    prose: 'The required `iss` claim. With several providers it selects the provider.',
    optional: true,
  }),
  audience: string({
    prose: 'The required `aud` claim: equal to this value, or a list that contains it.',
    optional: true,
  }),
  leeway_seconds: number({
    prose: 'Tolerated clock skew between the provider and the gateway.',
    default: 30,
    min: 0,
    max: 300,
  }),
  subject_claim: string({ prose: 'The claim that identifies the client.', default: 'sub' }),
  subject_prefix: string({
    prose:
      'A prefix for the subject, such as `partner/`. With several providers, it keeps one provider from issuing the subjects of another.',
    optional: true,
    check: (prefix) => (prefix.length <= 64 ? undefined : 'is longer than 64 characters'),
  }),
} as const satisfies Fields;

interface Provider {
  readonly algorithms?: readonly Algorithm[] | undefined;
  readonly algorithm?: Algorithm | undefined;
  readonly secret?: string | undefined;
  readonly public_key_file?: string | undefined;
  readonly jwks_url?: string | undefined;
}

const KEYS = ['secret', 'public_key_file', 'jwks_url'] as const;
const ALGORITHM_FIELDS = ['algorithms', 'algorithm'] as const;
/** Bytes of the hash: a shorter secret is the weakest link (RFC 7518, section 3.2). */
const HASH_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

export function algorithmsOf({ algorithms, algorithm }: Provider): readonly Algorithm[] {
  return algorithms ?? (algorithm === undefined ? [] : [algorithm]);
}

function wrongKeys(provider: Provider): Complaint | undefined {
  const given = KEYS.filter((key) => provider[key] !== undefined);
  if (given.length === 1) return undefined;
  const wrong = given.length === 0 ? 'has no key to verify tokens' : `has several keys: ${given.join(', ')}`;
  return { wrong, hint: `set exactly one of ${KEYS.join(', ')}` };
}

function wrongAlgorithms(provider: Provider): Complaint | undefined {
  if ((provider.algorithms === undefined) === (provider.algorithm === undefined))
    return {
      wrong: provider.algorithms === undefined ? 'is missing' : 'is set, and algorithm too',
      hint: 'set either algorithms: [RS256, ES256] or algorithm: HS256',
    };
  const shared = algorithmsOf(provider).filter((algorithm) => algorithm.startsWith('HS'));
  if (provider.secret !== undefined && shared.length < algorithmsOf(provider).length)
    return { wrong: 'has algorithms that do not use a secret', hint: 'use HS256, HS384 or HS512 with a secret' };
  if (provider.secret === undefined && shared.length > 0)
    return {
      wrong: 'has HMAC algorithms but a public key, with which any client could sign',
      hint: 'use RS*, PS*, ES* or EdDSA with a public key',
    };
  return undefined;
}

function wrongSecret(provider: Provider): Complaint | undefined {
  if (provider.secret === undefined) return undefined;
  const needed = Math.max(0, ...algorithmsOf(provider).map((algorithm) => HASH_BYTES[algorithm] ?? 0));
  if (Buffer.byteLength(provider.secret) >= needed) return undefined;
  return { wrong: `is shorter than ${needed} bytes`, hint: `generate one: openssl rand -base64 ${needed}` };
}

const providerRules = [
  { of: KEYS, at: 'jwks_url', broken: wrongKeys },
  { of: [...KEYS, ...ALGORITHM_FIELDS], at: 'algorithms', broken: wrongAlgorithms },
  { of: ['secret', ...ALGORITHM_FIELDS], at: 'secret', broken: wrongSecret },
] as const;

const PROVIDER_ITEM = object(PROVIDER, {
  prose: 'One of several identity providers; each needs an issuer.',
  rules: [
    ...providerRules,
    {
      of: ['issuer'],
      at: 'issuer',
      broken: ({ issuer }) =>
        issuer === undefined
          ? { wrong: 'is missing', hint: 'set the iss claim of the tokens that this provider issues' }
          : undefined,
    },
  ],
});

export type ProviderConfig = ValueOf<typeof PROVIDER_ITEM>;

const SESSION_TOKEN = optionalObject(
  {
    access_key: string({
      prose: 'The access key that these clients sign with. It is not a secret.',
      default: 'jwt',
      check: checkAccessKey,
    }),
    secret_key: secret({
      prose:
        'The secret key that these clients sign with. All of them share it; it does not authenticate a client by itself.',
      check: (key) => (key.length >= 8 ? undefined : 'is shorter than 8 characters'),
    }),
  },
  {
    prose: 'Lets unmodified S3 clients send a JWT: they sign with these keys and send the JWT as their session token.',
  },
);

const SECTION = optionalObject(
  {
    ...PROVIDER,
    providers: optionalList(PROVIDER_ITEM, {
      prose: 'Several identity providers, instead of the fields for a single one.',
      hint: 'add at least one with an issuer, algorithms and a key',
      unique: ['issuer'],
    }),
    session_token: SESSION_TOKEN,
  },
  {
    prose: 'JSON Web Tokens (RFC 7519), sent as `Authorization: Bearer` or as a session token.',
    rules: [
      {
        of: ['providers', ...KEYS],
        at: 'providers',
        broken: ({ providers, ...own }) =>
          providers !== undefined && KEYS.some((key) => own[key] !== undefined)
            ? { wrong: 'is set together with a key', hint: 'move that key into a provider' }
            : undefined,
      },
      ...providerRules.map((rule) => ({
        of: ['providers' as const, ...rule.of],
        at: rule.at,
        broken: ({ providers, ...own }: Provider & { providers?: unknown }) =>
          providers === undefined ? rule.broken(own) : undefined,
      })),
    ],
  },
);

export type JwtConfig = NonNullable<ValueOf<typeof SECTION>>;

export const JWT = authScheme({
  name: 'jwt',
  section: SECTION,
  methods: { jwt: undefined },
  kinds: [{ name: 'bearer', scheme: /^bearer$/, challenge: { scheme: 'Bearer', status: 401 } }],
  describe(jwt) {
    const lines = (jwt.providers ?? [jwt]).map(describeProvider);
    if (jwt.session_token === undefined) return lines;
    return [...lines, `the same as session token of clients that sign as ${jwt.session_token.access_key}`];
  },
});

function describeProvider(provider: ProviderConfig): string {
  const { issuer = 'any issuer', audience, jwks_url, public_key_file } = provider;
  const key = jwks_url ?? public_key_file ?? 'a shared secret';
  const whom = audience === undefined ? issuer : `${issuer} for ${audience}`;
  return `tokens of ${whom}, ${algorithmsOf(provider).join(' ')}, verified with ${key}`;
}
