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
    prose: 'The signature algorithms that are accepted; everything else is refused, `none` above all.',
    mend: 'name at least one, such as [RS256, ES256]',
  }),
  algorithm: oneOf(ALGORITHMS, { prose: 'The same where there is one only.', optional: true }),
  secret: secret({
    prose: 'The shared secret of HS256, HS384 or HS512; at least as long as its hash (32, 48, 64 bytes).',
    optional: true,
  }),
  public_key_file: string({
    prose: 'A PEM file with the public key, relative to this file.',
    type: 'path',
    optional: true,
  }),
  jwks_url: httpUrl({
    prose:
      'Where the provider publishes its keys (JWKS). Fetched when first needed, renewed in the background, kept for an hour while the provider cannot be reached.',
    optional: true,
  }),
  issuer: string({
    prose: 'The `iss` that a token must have. With several providers it says whose token it is.',
    optional: true,
  }),
  audience: string({ prose: 'The `aud` that a token must have or contain.', optional: true }),
  leeway_seconds: number({
    prose: 'How far the clocks of the provider and the gateway may be apart.',
    default: 30,
    min: 0,
    max: 300,
  }),
  subject_claim: string({ prose: 'The claim that says who the caller is.', default: 'sub' }),
  subject_prefix: string({
    prose:
      'Stands before what the claim says, such as `partner/`: with several providers, so that one cannot name the subjects of another.',
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
  const wrong = given.length === 0 ? 'has no key to verify tokens with' : `has several: ${given.join(', ')}`;
  return { wrong, mend: `give exactly one of ${KEYS.join(', ')}` };
}

function wrongAlgorithms(provider: Provider): Complaint | undefined {
  if ((provider.algorithms === undefined) === (provider.algorithm === undefined))
    return {
      wrong: 'says nothing of the algorithms, or says it twice',
      mend: 'give either algorithms: [RS256, ES256] or algorithm: HS256',
    };
  const shared = algorithmsOf(provider).filter((algorithm) => algorithm.startsWith('HS'));
  if (provider.secret !== undefined && shared.length < algorithmsOf(provider).length)
    return { wrong: 'has algorithms that take no secret', mend: 'use HS256, HS384 or HS512 with a secret' };
  if (provider.secret === undefined && shared.length > 0)
    return {
      wrong: 'has algorithms that need a secret: with a public key anybody could sign',
      mend: 'use RS*, PS*, ES* or EdDSA with a public key',
    };
  return undefined;
}

function wrongSecret(provider: Provider): Complaint | undefined {
  if (provider.secret === undefined) return undefined;
  const needed = Math.max(0, ...algorithmsOf(provider).map((algorithm) => HASH_BYTES[algorithm] ?? 0));
  if (Buffer.byteLength(provider.secret) >= needed) return undefined;
  return { wrong: `has fewer than ${needed} bytes`, mend: `make one at random: openssl rand -base64 ${needed}` };
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
        issuer === undefined ? { wrong: 'is missing', mend: 'say which tokens are from this provider' } : undefined,
    },
  ],
});

export type ProviderConfig = ValueOf<typeof PROVIDER_ITEM>;

const SESSION_TOKEN = optionalObject(
  {
    access_key: string({
      prose: 'The access key that such clients sign with. It is no secret.',
      default: 'jwt',
      check: checkAccessKey,
    }),
    secret_key: secret({
      prose: 'The secret key that they sign with; all of them the same, it proves nothing by itself.',
      check: (key) => (key.length >= 8 ? undefined : 'is shorter than 8 characters'),
    }),
  },
  {
    prose:
      'Lets stock S3 clients carry the token: they sign with these keys and give the token as their session token. Without this section they cannot.',
  },
);

const SECTION = optionalObject(
  {
    ...PROVIDER,
    providers: optionalList(PROVIDER_ITEM, {
      prose: 'Several identity providers, instead of the fields of one.',
      mend: 'add at least one with an issuer, algorithms and a key',
      unique: ['issuer'],
    }),
    session_token: SESSION_TOKEN,
  },
  {
    prose: 'JSON Web Tokens (RFC 7519), as `Authorization: Bearer` or as session token.',
    rules: [
      {
        of: ['providers', ...KEYS],
        at: 'providers',
        broken: ({ providers, ...own }) =>
          providers !== undefined && KEYS.some((key) => own[key] !== undefined)
            ? { wrong: 'stands beside a key', mend: 'move that key into a provider' }
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
