/**
 * Keys, tokens and signatures that are not ours: the examples of RFC 7515, appendix A, and RFC 7519, sections 3.1 and 6.1.
 * Their claims have an issuer and no subject, so that the issuer is taken for it; the clock stands where they were valid.
 */
import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import type { JWK } from 'jose';
import type { AuthAttributes } from '../../../src/auth/authenticator.ts';
import { verifiedToken } from '../../../src/auth/jwt/claims.ts';
import { configuredKey } from '../../../src/auth/jwt/configured-key.ts';
import { judgeSignature } from '../../../src/auth/jwt/judge-signature.ts';
import type { ProviderOptions } from '../../../src/auth/jwt/provider.ts';
import { createTokenVerifier, type TokenVerifierTools } from '../../../src/auth/jwt/verify-token.ts';
import { NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { Failure } from '../../../src/domain/failure.ts';

/** `exp` of all of them: 2011-03-22T18:43:00Z. */
const EXPIRES = 1300819380;
const PAYLOAD = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const CLAIMS = { iss: 'joe', exp: EXPIRES, 'http://example.com/is_root': true };

/** RFC 7515, appendix A.1, and RFC 7519, section 3.1. */
const A1 = {
  secret: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  token: `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
};

/** Appendix A.2. */
const A2 = {
  key: {
    kty: 'RSA',
    n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
    e: 'AQAB',
  },
  token: `eyJhbGciOiJSUzI1NiJ9.${PAYLOAD}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`,
};

/** Appendix A.3. */
const A3 = {
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
  token: `eyJhbGciOiJFUzI1NiJ9.${PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
};

/** Appendix A.5, and RFC 7519, section 6.1: not signed at all. */
const A5 = `eyJhbGciOiJub25lIn0.${PAYLOAD}.`;

const findings = (): AuthAttributes => ({ method: 'anonymous', keyId: undefined, keySource: undefined });
const at = (second: number): TokenVerifierTools => ({ watch: NO_OBSERVER, now: () => second * 1000 });
const optionsOf = (algorithm: string, more: Partial<ProviderOptions> = {}): ProviderOptions => ({
  algorithms: [algorithm],
  issuer: 'joe',
  leeway_seconds: 0,
  subject_claim: 'iss',
  ...more,
});

const importKey = (key: JWK): KeyObject => createPublicKey({ key, format: 'jwk' });

function verifierOf(algorithm: string, key: JWK, second = EXPIRES - 1) {
  const public_key = importKey(key).export({ type: 'spki', format: 'pem' }) as string;
  return createTokenVerifier([optionsOf(algorithm, { public_key })], at(second));
}

async function reasonOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Failure) return error.reason;
    throw error;
  }
  return undefined;
}

describe('the examples of the standards', () => {
  for (const [name, algorithm, { key, token }] of [
    ['RFC 7515, A.2', 'RS256', A2],
    ['RFC 7515, A.3', 'ES256', A3],
  ] as const) {
    it(`are accepted: ${name}`, async () => {
      const verified = await verifierOf(algorithm, key).verify(token, findings());
      assert.deepEqual(verified, { subject: 'joe', claims: CLAIMS, expiresAt: EXPIRES * 1000 });
    });

    it(`are refused when they have expired, and with any bit of theirs changed: ${name}`, async () => {
      const late = verifierOf(algorithm, key, EXPIRES);
      assert.equal(await reasonOf(() => late.verify(token, findings())), 'expired');
      const [header, payload, signature] = token.split('.') as [string, string, string];
      const bytes = Buffer.from(signature, 'base64url');
      for (let i = 0; i < bytes.length; i += 7) {
        const changed = Buffer.from(bytes);
        changed[i] = (changed[i] as number) ^ 1;
        const forged = `${header}.${payload}.${changed.toString('base64url')}`;
        assert.equal(await reasonOf(() => verifierOf(algorithm, key).verify(forged, findings())), 'wrong_signature');
      }
    });
  }

  it('are accepted: RFC 7515, A.1, whose secret is not text', async () => {
    const key = createSecretKey(Buffer.from(A1.secret, 'base64url'));
    const provider = { options: optionsOf('HS256'), source: configuredKey(key) };
    const now = () => (EXPIRES - 1) * 1000;
    const { claims } = await judgeSignature(A1.token, provider, now, findings());
    assert.equal(verifiedToken(claims, provider.options, now()).subject, 'joe');
    const other = { ...provider, source: configuredKey(createSecretKey(Buffer.from(A1.secret))) };
    assert.equal(await reasonOf(() => judgeSignature(A1.token, other, now, findings())), 'wrong_signature');
  });

  it('are refused where they are not signed: RFC 7515, A.5', async () => {
    assert.equal(await reasonOf(() => verifierOf('RS256', A2.key).verify(A5, findings())), 'token_malformed');
    assert.equal(
      await reasonOf(() => verifierOf('RS256', A2.key).verify(`${A5}AA`, findings())),
      'algorithm_not_allowed',
    );
  });

  it('are refused with the key and algorithm of another', async () => {
    assert.equal(
      await reasonOf(() => verifierOf('ES256', A3.key).verify(A2.token, findings())),
      'algorithm_not_allowed',
    );
    assert.equal(
      await reasonOf(() => verifierOf('RS512', A2.key).verify(A2.token, findings())),
      'algorithm_not_allowed',
    );
    assert.equal(
      await reasonOf(() => verifierOf('RS256', A2.key).verify(A1.token, findings())),
      'algorithm_not_allowed',
    );
  });
});
