/** The signature algorithms of tokens (RFC 7518, section 3; RFC 8037) and the requirements of their keys: one row each. */

export interface AlgorithmShape {
  /** HMAC only: the least bytes of a secret (RFC 7518, section 3.2: as long as the hash). */
  readonly secretBytes?: number;
  /** Signatures only: `asymmetricKeyType` of node:crypto. */
  readonly keyType?: 'rsa' | 'ec' | 'ed25519';
  /** `namedCurve` of node:crypto. */
  readonly curve?: string;
}

export const ALGORITHMS = {
  HS256: { secretBytes: 32 },
  HS384: { secretBytes: 48 },
  HS512: { secretBytes: 64 },
  RS256: { keyType: 'rsa' },
  RS384: { keyType: 'rsa' },
  RS512: { keyType: 'rsa' },
  PS256: { keyType: 'rsa' },
  PS384: { keyType: 'rsa' },
  PS512: { keyType: 'rsa' },
  ES256: { keyType: 'ec', curve: 'prime256v1' },
  ES384: { keyType: 'ec', curve: 'secp384r1' },
  ES512: { keyType: 'ec', curve: 'secp521r1' },
  EdDSA: { keyType: 'ed25519' },
  Ed25519: { keyType: 'ed25519' },
} as const satisfies Record<string, AlgorithmShape>;

/** @throws Error if the algorithm is not supported. */
export function algorithmShape(name: string): AlgorithmShape {
  if (!Object.hasOwn(ALGORITHMS, name))
    throw new Error(`${JSON.stringify(name)} is not one of the algorithms ${Object.keys(ALGORITHMS).join(', ')}`);
  return ALGORITHMS[name as keyof typeof ALGORITHMS];
}
