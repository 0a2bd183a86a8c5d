import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthAttributes } from '../../../src/auth/authenticator.ts';
import { bearerAuthenticator } from '../../../src/auth/bearer.ts';
import type { TokenVerifier, VerifiedToken } from '../../../src/auth/token-verifier.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { receivedHeaders } from '../../../src/domain/received-headers.ts';
import type { Incoming, Routed } from '../../../src/domain/stages.ts';

const VERIFIED: VerifiedToken = { subject: 'device-7', claims: { sub: 'device-7' }, expiresAt: 1000 };

function verifier(verified: VerifiedToken | Promise<VerifiedToken> = VERIFIED) {
  const seen: string[] = [];
  const it: TokenVerifier = {
    verify(token) {
      seen.push(token);
      return verified;
    },
  };
  return { it, seen };
}

const findings = (): AuthAttributes => ({ method: 'anonymous', keyId: undefined, keySource: undefined });
const request = (rawHeaders: readonly string[], headers: Record<string, string> = {}): Routed =>
  ({ incoming: { received: receivedHeaders(rawHeaders), headers } as Partial<Incoming> }) as Routed;

describe('a bearer', () => {
  it('is the subject of the token, and nothing is proven of the body', () => {
    const { it, seen } = verifier();
    const proof = bearerAuthenticator(it).authenticate(
      request(['Host', 'h', 'Authorization', 'Bearer a.b.c']),
      findings(),
    );
    assert.deepEqual(proof, {
      identity: { method: 'jwt', ...VERIFIED },
      payload: { hash: 'UNSIGNED-PAYLOAD', chunks: undefined },
    });
    assert.deepEqual(seen, ['a.b.c']);
  });

  it('may be waited for', async () => {
    const { it } = verifier(Promise.resolve(VERIFIED));
    const proof = bearerAuthenticator(it).authenticate(request(['authorization', 'Bearer a.b.c']), findings());
    assert.ok(proof instanceof Promise);
    assert.equal((await proof).identity.subject, 'device-7');
  });

  it('may promise a hash of the body', () => {
    const hash = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    const incoming = request(['authorization', 'Bearer a.b.c'], { 'x-amz-content-sha256': hash });
    const proof = bearerAuthenticator(verifier().it).authenticate(incoming, findings());
    assert.ok(!(proof instanceof Promise));
    assert.deepEqual(proof.payload, { hash, chunks: undefined });
  });

  it('is found in the headers of the connection, not among the fields of a form', async () => {
    const { it, seen } = verifier();
    const incoming = request(['AUTHORIZATION', 'bEaReR   real'], { authorization: 'Bearer forged' });
    await bearerAuthenticator(it).authenticate(incoming, findings());
    assert.deepEqual(seen, ['real']);
  });

  const wrong: readonly (readonly string[])[] = [
    [],
    ['authorization', 'Bearer'],
    ['authorization', 'Bearer '],
    ['authorization', 'Bearer a b'],
    ['authorization', 'Bearer\ta'],
    ['authorization', 'Bearera'],
    ['authorization', 'Basic Bearer a'],
    ['authorization', 'Bearer a', 'Authorization', 'Bearer a'],
  ];
  for (const rawHeaders of wrong)
    it(`is refused with ${JSON.stringify(rawHeaders)}`, () => {
      const { it, seen } = verifier();
      assert.throws(
        () => bearerAuthenticator(it).authenticate(request(rawHeaders), findings()),
        (error) => error instanceof Failure && error.type === 'token_refused' && error.reason === 'token_malformed',
      );
      assert.deepEqual(seen, []);
    });
});
