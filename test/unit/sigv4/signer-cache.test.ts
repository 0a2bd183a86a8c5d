import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signRequest } from '../../../src/sigv4/sign-request.ts';
import { SignerCache } from '../../../src/sigv4/signer-cache.ts';
import { SigningKeys } from '../../../src/sigv4/signing-key.ts';
import { verifyRequest } from '../../../src/sigv4/verify.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const keys = new SigningKeys('secret');

function signed(headers: Record<string, string> = {}, accessKey = 'AKIA1', secret = keys) {
  const all = { host: 'gateway', ...headers };
  const request = { method: 'PUT', path: '/bucket/key', query: [], headers: all, payloadHash: 'UNSIGNED-PAYLOAD' };
  const { headers: received } = signRequest({ ...request, region: 'r' }, { accessKey, keys: secret }, new Date(NOW));
  return { request: { ...request, received }, authorization: received.authorization as string };
}

const verify = ({ request }: ReturnType<typeof signed>, signers: SignerCache) =>
  verifyRequest(request, () => ({ keys }), NOW, signers);

describe('the signer cache', () => {
  it('knows the signer of a verified request, whatever the signature', () => {
    const signers = new SignerCache();
    const one = signed();
    assert.equal(verify(one, signers).accepted, true);
    const other = one.authorization.slice(0, -64) + 'a'.repeat(64);
    assert.deepEqual(signers.find(other), {
      accessKey: 'AKIA1',
      scope: { day: '20260301', region: 'r', service: 's3' },
      signedHeaders: ['host', 'x-amz-content-sha256', 'x-amz-date'],
    });
    assert.equal(verify(one, signers).accepted, true);
  });

  it('refuses a wrong signature of a known signer', () => {
    const signers = new SignerCache();
    verify(signed(), signers);
    const forged = signed({}, 'AKIA1', new SigningKeys('another secret'));
    const verdict = verify(forged, signers);
    assert.equal(verdict.accepted ? 'accepted' : verdict.reason, 'wrong_signature');
  });

  it('does not cache the signer of a refused request', () => {
    const signers = new SignerCache();
    const forged = signed({}, 'AKIA1', new SigningKeys('another secret'));
    verify(forged, signers);
    assert.equal(signers.find(forged.authorization), undefined);
  });

  it('leaves every other form to the parser', () => {
    const signers = new SignerCache();
    const { authorization } = signed();
    verify(signed(), signers);
    for (const other of [
      `${authorization.slice(0, -1)},`,
      `${authorization.slice(0, -64)}${'A'.repeat(64)}`,
      authorization.slice(0, -1),
      `${authorization} `,
      authorization.replace('Credential', 'credential'),
      '',
      'Bearer a/b',
    ])
      assert.equal(signers.find(other), undefined, other);
  });

  it('lets a client displace only its own signers', () => {
    const signers = new SignerCache();
    const first = signed();
    const busy = Array.from({ length: 20 }, (_, i) => signed({ [`x-amz-meta-${i}`]: '1' }, 'AKIA2'));
    for (const each of [first, ...busy]) assert.equal(verify(each, signers).accepted, true);
    assert.notEqual(signers.find(first.authorization), undefined);
    assert.equal(busy.filter(({ authorization }) => signers.find(authorization) !== undefined).length, 4);
  });

  it('does not cache long texts', () => {
    const signers = new SignerCache();
    const long = signed({ [`x-amz-meta-${'a'.repeat(1_000)}`]: '1' });
    assert.equal(verify(long, signers).accepted, true);
    assert.equal(signers.find(long.authorization), undefined);
  });
});
