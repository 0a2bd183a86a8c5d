/** Verifies a token with the keys and rules of its provider: jose verifies, this file chooses the keys. */
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { AuthAttributes } from '../authenticator.ts';
import { rulesOf } from './claims.ts';
import { failureOf } from './jose-errors.ts';
import type { KeySet } from './key-source.ts';
import type { Provider } from './provider.ts';

export interface Judged {
  readonly claims: JWTPayload;
  /** The key set that verified it. */
  readonly keys: KeySet;
}

/**
 * @param now in milliseconds since the epoch.
 * @throws Failure token_refused or keys_unavailable.
 */
export async function judgeSignature(
  token: string,
  { source, options }: Provider,
  now: () => number,
  attributes: AuthAttributes,
): Promise<Judged> {
  const keys = await source.keys(attributes);
  try {
    return { claims: await judgeWith(keys, token, rulesOf(options, now())), keys };
  } catch (error) {
    // An unknown key may be a new one: its key set is fetched again, within the cooldown.
    const newer = error instanceof errors.JWKSNoMatchingKey ? await source.newerKeys(keys, attributes) : undefined;
    if (newer === undefined) throw failureOf(error);
    return { claims: await judgeWith(newer, token, rulesOf(options, now())).catch(refuse), keys: newer };
  }
}

function refuse(error: unknown): never {
  throw failureOf(error);
}

async function judgeWith(keys: KeySet, token: string, rules: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, (header) => keys.find(header), rules);
    return payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return judgeWithEach(error, token, rules);
  }
}

/** A token without `kid` may be signed with any key that fits. */
async function judgeWithEach(
  candidates: errors.JWKSMultipleMatchingKeys,
  token: string,
  rules: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const key of candidates) {
    try {
      return (await jwtVerify(token, key, rules)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}
