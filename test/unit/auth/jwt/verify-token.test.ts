import assert from 'node:assert/strict';
import { createPublicKey, createSign, KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { CompactSign, EncryptJWT, generateKeyPair, SignJWT } from 'jose';
import type { TokenReason } from '../../../../src/auth/jwt/refusals.ts';
import { createTokenVerifier } from '../../../../src/auth/jwt/verify-token.ts';
import { NO_OBSERVER } from '../../../../src/domain/auth-observer.ts';
import { Failure } from '../../../../src/domain/failure.ts';
import {
  accepts,
  base64url,
  CLAIMS,
  ecPair,
  hmacSigned,
  ISSUER,
  json,
  NOW,
  newFindings,
  outcome,
  pemOf,
  provider,
  refusesWith,
  rsaPair,
  SECOND,
  SECRET,
  signed,
  verifierOf,
} from './tokens.ts';

const HEADER = { alg: 'HS256', typ: 'JWT' };
const secret = () => verifierOf({ algorithms: ['HS256'], secret: SECRET });
const part = (token: string, at: number): string => token.split('.')[at] as string;

describe('a token', () => {
  const rsa = rsaPair();
  const pem = pemOf(rsa.publicKey);

  it('is accepted with every algorithm that its provider may use', async () => {
    const ed = await generateKeyPair('Ed25519', { extractable: true });
    const edPem = pemOf(KeyObject.from(ed.publicKey));
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const token = await signed(Buffer.from(SECRET), CLAIMS, { alg });
      assert.equal((await accepts(verifierOf({ algorithms: [alg], secret: SECRET }), token)).subject, 'device-7');
    }
    for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
      const token = await signed(rsa.privateKey, CLAIMS, { alg });
      assert.equal((await accepts(verifierOf({ algorithms: [alg], public_key: pem }), token)).subject, 'device-7');
    }
    for (const [alg, curve] of [
      ['ES256', 'P-256'] as const,
      ['ES384', 'P-384'] as const,
      ['ES512', 'P-521'] as const,
    ]) {
      const pair = ecPair(curve);
      const token = await signed(pair.privateKey, CLAIMS, { alg });
      await accepts(verifierOf({ algorithms: [alg], public_key: pemOf(pair.publicKey) }), token);
    }
    for (const alg of ['EdDSA', 'Ed25519']) {
      const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg }).sign(ed.privateKey);
      await accepts(verifierOf({ algorithms: [alg], public_key: edPem }), token);
    }
  });

  it('gives its subject, its claims, its end and the name of its key', async () => {
    const token = await signed(
      rsa.privateKey,
      { ...CLAIMS, groups: ['a'] },
      { kid: 'key-1', typ: 'at+jwt', x5t: 'AAAA' },
    );
    const findings = newFindings();
    const verified = await accepts(verifierOf({ public_key: pem }), token, findings);
    assert.deepEqual(verified, {
      subject: 'device-7',
      claims: { ...CLAIMS, groups: ['a'] },
      expiresAt: CLAIMS.exp * 1000,
    });
    assert.deepEqual(findings, { method: 'anonymous', keyId: 'key-1', keySource: undefined });
  });

  it('is verified once: the second time there is nothing to wait for', async () => {
    const verifier = verifierOf({ public_key: pem });
    const token = await signed(rsa.privateKey, CLAIMS, { kid: 'key-1' });
    const first = await accepts(verifier, token);
    const findings = newFindings();
    assert.equal(verifier.verify(token, findings), first);
    assert.equal(findings.keyId, 'key-1');
  });

  it('ends with its expiry, cached or not', async () => {
    let now = NOW;
    const verifier = verifierOf({ public_key: pem, leeway_seconds: 0 }, { now: () => now });
    const token = await signed(rsa.privateKey);
    await accepts(verifier, token);
    now = CLAIMS.exp * 1000 - 1;
    await accepts(verifier, token);
    now += 1;
    await refusesWith(verifier, token, 'expired');
  });

  it('gets a refusal that helps the client, and never repeats the claims', async () => {
    const expired = await refusesWith(secret(), hmacSigned(HEADER, { ...CLAIMS, exp: SECOND - 60 }), 'expired');
    assert.deepEqual([expired.status, expired.code], [401, 'ExpiredToken']);
    assert.equal(expired.headers['www-authenticate'], 'Bearer error="invalid_token"');
    const foreign = await refusesWith(
      secret(),
      hmacSigned(HEADER, { ...CLAIMS, iss: 'https://evil.example' }),
      'wrong_issuer',
    );
    assert.deepEqual([foreign.status, foreign.code, foreign.type], [401, 'InvalidToken', 'token_refused']);
    assert.doesNotMatch(foreign.message, /evil/);
  });

  const dear = { ...CLAIMS, sub: 'subject-that-nobody-may-see' };
  const ofClaims: readonly (readonly [string, unknown, TokenReason])[] = [
    ['no expiry', { ...dear, exp: undefined }, 'no_expiry'],
    ['an expiry of null', { ...dear, exp: null }, 'token_malformed'],
    ['an expiry that is text', { ...dear, exp: String(SECOND + 60) }, 'token_malformed'],
    ['an expiry that no clock shows', json({ ...dear, exp: 0 }).replace(/"exp":0/, '"exp":1e400'), 'no_expiry'],
    ['an expiry after all dates', { ...dear, exp: 8.64e12 + 1 }, 'no_expiry'],
    ['an expiry further back than the leeway', { ...dear, exp: SECOND - 30 }, 'expired'],
    ['a beginning further ahead than the leeway', { ...dear, nbf: SECOND + 31 }, 'not_yet_valid'],
    ['a beginning that is text', { ...dear, nbf: 'now' }, 'token_malformed'],
    ['an issue further ahead than the leeway', { ...dear, iat: SECOND + 31 }, 'not_yet_valid'],
    ['another issuer', { ...dear, iss: 'https://idp.example/' }, 'wrong_issuer'],
    ['no issuer', { ...dear, iss: undefined }, 'wrong_issuer'],
    ['a list of issuers', { ...dear, iss: [ISSUER] }, 'wrong_issuer'],
    ['another audience', { ...dear, aud: 'downloads' }, 'wrong_audience'],
    ['no audience', { ...dear, aud: undefined }, 'wrong_audience'],
    ['an audience that only contains ours', { ...dear, aud: 'uploads-of-others' }, 'wrong_audience'],
    ['an audience that is an object', { ...dear, aud: { 0: 'uploads', length: 1 } }, 'wrong_audience'],
    ['no subject', { ...dear, sub: undefined }, 'no_subject'],
    ['an empty subject', { ...dear, sub: '' }, 'no_subject'],
    ['a subject that is a number', { ...dear, sub: 7 }, 'no_subject'],
    ['a subject that is a list', { ...dear, sub: ['device-7'] }, 'no_subject'],
    ['a subject of 1025 characters', { ...dear, sub: 'x'.repeat(1025) }, 'no_subject'],
    ['a subject with a line break', { ...dear, sub: 'a\r\nb' }, 'no_subject'],
    ['a subject with NUL', { ...dear, sub: 'a\0b' }, 'no_subject'],
    ['a subject with a C1 control', { ...dear, sub: 'a\u009bb' }, 'no_subject'],
    [
      'a subject with half a character',
      '{"sub":"\\ud800","exp":99999999999,"iss":"https://idp.example","aud":"uploads"}',
      'no_subject',
    ],
    ['a claim twice', `{"sub":"a",${json(dear).slice(1)}`, 'token_malformed'],
    ['a claim twice, once in disguise', `{"\\u0073ub":"a",${json(dear).slice(1)}`, 'token_malformed'],
    ['claims that are a list', [dear], 'token_malformed'],
    ['claims that are text', '"claims"', 'token_malformed'],
    ['claims that are null', 'null', 'token_malformed'],
    ['claims that are no JSON', 'claims', 'token_malformed'],
    ['claims after a byte order mark', `\ufeff${json(dear)}`, 'token_malformed'],
    ['nothing in the middle', '', 'token_malformed'],
  ];
  for (const [what, claims, reason] of ofClaims)
    it(`is refused with ${what}, though it is well signed`, async () => {
      const failure = await refusesWith(secret(), hmacSigned(HEADER, claims), reason);
      assert.doesNotMatch(`${failure.message} ${failure.stack} ${String(failure.cause)}`, /nobody-may-see/);
    });

  it('is refused with a member twice in an object further down', async () => {
    const claims = `{"realm":{"roles":["a"],"roles":["b"]},${json(CLAIMS).slice(1)}`;
    await refusesWith(secret(), hmacSigned(HEADER, claims), 'token_malformed');
  });

  it('is accepted within the leeway, and not at its end', async () => {
    for (const times of [{ exp: SECOND - 29 }, { nbf: SECOND + 30 }, { iat: SECOND + 30 }])
      await accepts(secret(), hmacSigned(HEADER, { ...CLAIMS, ...times }));
  });

  it('may name several audiences and another claim as its subject', async () => {
    const verifier = verifierOf({ algorithms: ['HS256'], secret: SECRET, subject_claim: 'https://idp.example/user' });
    const claims = { ...CLAIMS, aud: ['a', 'uploads'], sub: undefined, 'https://idp.example/user': 'käthe 😀' };
    assert.equal((await accepts(verifier, hmacSigned(HEADER, claims))).subject, 'käthe 😀');
    for (const subject_claim of ['toString', '__proto__', 'constructor'])
      await refusesWith(
        verifierOf({ algorithms: ['HS256'], secret: SECRET, subject_claim }),
        hmacSigned(HEADER, CLAIMS),
        'no_subject',
      );
  });

  it('has the subjects of its provider: another cannot name them', async () => {
    const verifier = verifierOf({ algorithms: ['HS256'], secret: SECRET, subject_prefix: 'partner/' });
    assert.equal((await accepts(verifier, hmacSigned(HEADER, CLAIMS))).subject, `partner/${CLAIMS.sub}`);
  });

  const ofHeader: readonly (readonly [string, unknown, TokenReason])[] = [
    ['alg none', { alg: 'none' }, 'algorithm_not_allowed'],
    ['alg None', { alg: 'None' }, 'algorithm_not_allowed'],
    ['alg NONE', { alg: 'NONE' }, 'algorithm_not_allowed'],
    ['alg of lower case', { alg: 'hs256' }, 'algorithm_not_allowed'],
    ['alg with a blank', { alg: 'HS256 ' }, 'algorithm_not_allowed'],
    ['an algorithm of the same family', { alg: 'HS512' }, 'algorithm_not_allowed'],
    ['an algorithm of JWE', { alg: 'PBES2-HS256+A128KW' }, 'algorithm_not_allowed'],
    ['no alg', { typ: 'JWT' }, 'token_malformed'],
    ['alg of null', { alg: null }, 'token_malformed'],
    ['a list of algs', { alg: ['HS256'] }, 'token_malformed'],
    ['alg twice', '{"alg":"none","alg":"HS256"}', 'token_malformed'],
    ['jku', { ...HEADER, jku: 'http://127.0.0.1:9/keys' }, 'header_not_allowed'],
    ['x5u', { ...HEADER, x5u: 'http://169.254.169.254/' }, 'header_not_allowed'],
    ['x5c', { ...HEADER, x5c: ['MIIB'] }, 'header_not_allowed'],
    ['crit', { ...HEADER, crit: ['exp'], exp: 1 }, 'header_not_allowed'],
    ['an empty crit', { ...HEADER, crit: [] }, 'header_not_allowed'],
    ['b64', { ...HEADER, b64: false, crit: ['b64'] }, 'header_not_allowed'],
    ['zip', { ...HEADER, zip: 'DEF' }, 'header_not_allowed'],
    ['enc', { ...HEADER, enc: 'A128GCM' }, 'header_not_allowed'],
    ['a prototype', '{"alg":"HS256","__proto__":{"alg":"none"}}', 'header_not_allowed'],
    ['the type of a logout token', { ...HEADER, typ: 'logout+jwt' }, 'header_not_allowed'],
    ['a type that is a number', { ...HEADER, typ: 1 }, 'header_not_allowed'],
    ['a kid that is an object', { ...HEADER, kid: { $ne: null } }, 'header_not_allowed'],
    ['a kid of a thousand characters', { ...HEADER, kid: 'k'.repeat(1000) }, 'header_not_allowed'],
    ['a header that is a list', [HEADER], 'token_malformed'],
    ['a header that is no JSON', '{"alg":"HS256"', 'token_malformed'],
    ['an empty header', '', 'token_malformed'],
  ];
  for (const [what, header, reason] of ofHeader)
    it(`is refused with ${what} in its header, though the HMAC is right`, async () => {
      await refusesWith(secret(), hmacSigned(header, CLAIMS), reason);
    });

  it('is accepted with members in its header that are not understood (RFC 7515, section 4)', async () => {
    const members = { admin: true, nonce: 'n', iss: 'https://other', 'x5t#S256': 't', rh: 'r', cat: 'c', enc2: ['A'] };
    await accepts(secret(), hmacSigned({ ...HEADER, ...members }, CLAIMS));
  });

  it('is refused if it brings its own key, though that key has signed it', async () => {
    const own = rsaPair();
    const jwk = own.publicKey.export({ format: 'jwk' });
    await refusesWith(
      verifierOf({ public_key: pem }),
      await signed(own.privateKey, CLAIMS, { jwk }),
      'header_not_allowed',
    );
    await refusesWith(verifierOf({ public_key: pem }), await signed(own.privateKey), 'wrong_signature');
  });

  it('is not believed because of what its kid looks like', async () => {
    for (const kid of [
      '../../../../dev/null',
      "' UNION SELECT 'k",
      'http://127.0.0.1:9/k',
      'k\0',
      '/proc/self/environ',
      '',
    ]) {
      await accepts(secret(), hmacSigned({ ...HEADER, kid }, CLAIMS));
      await refusesWith(secret(), hmacSigned({ ...HEADER, kid }, CLAIMS, ''), 'wrong_signature');
      await refusesWith(secret(), hmacSigned({ ...HEADER, kid }, CLAIMS, kid), 'wrong_signature');
    }
  });

  it('is refused if the public key was used as a secret', async () => {
    const forms = [
      pem,
      pem.trim(),
      rsa.publicKey.export({ type: 'spki', format: 'der' }),
      rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }),
    ];
    for (const form of forms) {
      await refusesWith(verifierOf({ public_key: pem }), hmacSigned(HEADER, CLAIMS, form), 'algorithm_not_allowed');
      await refusesWith(
        verifierOf({ algorithms: ['RS256', 'PS256'], public_key: pem }),
        hmacSigned({ ...HEADER, alg: 'RS256' }, CLAIMS, form),
        'wrong_signature',
      );
    }
  });

  it('is refused with a signature of another algorithm of the same key', async () => {
    const token = await signed(rsa.privateKey, CLAIMS, { alg: 'PS256' });
    await refusesWith(verifierOf({ public_key: pem }), token, 'algorithm_not_allowed');
    const renamed = `${base64url('{"alg":"RS256"}')}.${part(token, 1)}.${part(token, 2)}`;
    await refusesWith(verifierOf({ algorithms: ['RS256', 'PS256'], public_key: pem }), renamed, 'wrong_signature');
  });

  it('is refused with an ECDSA signature that is none', async () => {
    const pair = ecPair();
    const verifier = verifierOf({ algorithms: ['ES256'], public_key: pemOf(pair.publicKey) });
    const token = await signed(pair.privateKey, CLAIMS, { alg: 'ES256' });
    const input = token.slice(0, token.lastIndexOf('.'));
    const der = createSign('sha256').update(input).sign(pair.privateKey);
    await refusesWith(verifier, `${input}.${base64url(Buffer.alloc(64))}`, 'wrong_signature');
    await refusesWith(verifier, `${input}.${base64url(der)}`, 'wrong_signature');
    await accepts(verifier, token);
  });

  it('is refused in every other form', async () => {
    const good = hmacSigned(HEADER, CLAIMS);
    const [header, payload, signature] = good.split('.') as [string, string, string];
    const other = part(hmacSigned(HEADER, { ...CLAIMS, sub: 'other' }), 2);
    const key = new Uint8Array(32);
    const jwe = await new EncryptJWT(CLAIMS).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key);
    const forms: readonly (readonly [string, TokenReason])[] = [
      ['', 'token_malformed'],
      ['.', 'token_malformed'],
      ['..', 'token_malformed'],
      ['token', 'token_malformed'],
      [`${header}.${payload}`, 'token_malformed'],
      [`${header}.${payload}.`, 'token_malformed'],
      [`${good}.`, 'token_malformed'],
      [`${good}.${signature}`, 'token_malformed'],
      [`.${payload}.${signature}`, 'token_malformed'],
      [jwe, 'token_malformed'],
      [JSON.stringify({ protected: header, payload, signature }), 'token_malformed'],
      [` ${good}`, 'token_malformed'],
      [`${good}\n`, 'token_malformed'],
      [`${good}=`, 'token_malformed'],
      [`${header}==.${payload}.${signature}`, 'token_malformed'],
      [`${header}.${payload.slice(0, 8)} ${payload.slice(8)}.${signature}`, 'token_malformed'],
      [`${header}.${payload}.${signature.slice(0, -1)}+`, 'token_malformed'],
      [`${header}.${payload}.${signature}ä`, 'token_malformed'],
      [good.replaceAll('.', '\u3002'), 'token_malformed'],
      [`${header}.${payload}.${signature.slice(0, -3)}`, 'wrong_signature'],
      [`${header}.${payload}.${other}`, 'wrong_signature'],
      [`${header}.${payload}.${base64url(Buffer.alloc(32))}`, 'wrong_signature'],
      [`${header}.${part(hmacSigned(HEADER, { ...CLAIMS, sub: 'root' }), 1)}.${signature}`, 'wrong_signature'],
      [hmacSigned(HEADER, CLAIMS, ''), 'wrong_signature'],
      [hmacSigned(HEADER, CLAIMS, SECRET, 'sha512'), 'wrong_signature'],
      [hmacSigned(HEADER, Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1')), 'token_malformed'],
    ];
    for (const [token, reason] of forms) await refusesWith(secret(), token, reason);
  });

  it('is refused where its last character could be written in another way', async () => {
    const good = hmacSigned(HEADER, CLAIMS);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const sibling = alphabet[alphabet.indexOf(good.at(-1) as string) + 1] as string;
    assert.deepEqual(
      Buffer.from(part(good, 2), 'base64url'),
      Buffer.from(part(`${good.slice(0, -1)}${sibling}`, 2), 'base64url'),
    );
    await refusesWith(secret(), `${good.slice(0, -1)}${sibling}`, 'token_malformed');
  });

  it('is refused with invalid UTF-8 in its claims', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"sub":"'),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from(`",${json({ ...CLAIMS, sub: undefined }).slice(1)}`),
    ]);
    const token = await new CompactSign(bytes).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));
    await refusesWith(secret(), token, 'token_malformed');
  });

  it('is refused when it is long, before anything is computed', async () => {
    const claims = { ...CLAIMS, filling: 'x'.repeat(48 * 1024) };
    assert.throws(
      () => secret().verify(hmacSigned(HEADER, claims), newFindings()),
      (error) => error instanceof Failure && error.reason === 'token_too_long',
    );
    await accepts(secret(), hmacSigned(HEADER, { ...CLAIMS, filling: 'x'.repeat(11 * 1024) }));
    await refusesWith(secret(), hmacSigned(HEADER, { ...CLAIMS, filling: 'x'.repeat(12 * 1024) }), 'token_too_long');
  });

  it('is refused when it is deep, and nothing falls over', async () => {
    const deep = `{"sub":${'['.repeat(5000)}${']'.repeat(5000)},${json({ ...CLAIMS, sub: undefined }).slice(1)}`;
    await refusesWith(secret(), hmacSigned(HEADER, deep), 'no_subject');
    await refusesWith(secret(), hmacSigned(HEADER, '['.repeat(11_000)), 'token_malformed');
  });

  it('is not cached when it was refused', async () => {
    let now = NOW;
    const verifier = verifierOf({ algorithms: ['HS256'], secret: SECRET }, { now: () => now });
    const token = hmacSigned(HEADER, { ...CLAIMS, nbf: SECOND + 60 });
    await refusesWith(verifier, token, 'not_yet_valid');
    now += 60_000;
    await accepts(verifier, token);
  });
});

describe('a token of several providers', () => {
  const one = rsaPair();
  const other = ecPair();
  const both = createTokenVerifier(
    [
      provider({ issuer: 'https://one', public_key: pemOf(one.publicKey) }),
      provider({
        issuer: 'https://other',
        algorithms: ['ES256'],
        public_key: pemOf(other.publicKey),
        audience: 'others',
      }),
    ],
    { watch: NO_OBSERVER, now: () => NOW },
  );
  const ofOne = { ...CLAIMS, iss: 'https://one' };
  const ofOther = { ...CLAIMS, iss: 'https://other', aud: 'others' };

  it('is judged by the keys and rules of its issuer', async () => {
    await accepts(both, await signed(one.privateKey, ofOne));
    await accepts(both, await signed(other.privateKey, ofOther, { alg: 'ES256' }));
    await refusesWith(
      both,
      await signed(other.privateKey, { ...ofOther, aud: 'uploads' }, { alg: 'ES256' }),
      'wrong_audience',
    );
  });

  it('is refused where one issuer speaks in the name of the other', async () => {
    await refusesWith(both, await signed(other.privateKey, ofOne, { alg: 'ES256' }), 'algorithm_not_allowed');
    await refusesWith(both, await signed(one.privateKey, ofOther), 'algorithm_not_allowed');
    await refusesWith(both, await signed(rsaPair().privateKey, ofOne), 'wrong_signature');
  });

  it('is refused where it names none of them', async () => {
    for (const iss of [undefined, null, '', 'https://one/', ['https://one'], { toString: 'https://one' }])
      await refusesWith(both, await signed(one.privateKey, { ...ofOne, iss }), 'wrong_issuer');
  });
});

describe('a verifier', () => {
  const rsa = rsaPair();
  const small = rsaPair(1024);
  const bad: readonly (readonly [string, Parameters<typeof verifierOf>[0], RegExp])[] = [
    ['no algorithm', { algorithms: [], secret: SECRET }, /no algorithm/],
    ['an unknown algorithm', { algorithms: ['none'], secret: SECRET }, /"none" is not one of/],
    ['a prototype as algorithm', { algorithms: ['constructor'], secret: SECRET }, /is not one of/],
    ['no key', {}, /exactly one of/],
    ['two keys', { secret: SECRET, public_key: pemOf(rsa.publicKey) }, /exactly one of/],
    ['a secret for RS256', { secret: SECRET }, /RS256 takes a public key/],
    ['a short secret', { algorithms: ['HS512'], secret: 'x'.repeat(63) }, /63 bytes, but HS512 wants at least 64/],
    [
      'a public key for HS256',
      { algorithms: ['RS256', 'HS256'], public_key: pemOf(rsa.publicKey) },
      /HS256 takes a secret/,
    ],
    ['a key set for HS256', { algorithms: ['HS256'], jwks_url: 'http://127.0.0.1:9' }, /HS256 takes a secret/],
    ['a PEM that is none', { public_key: 'not a key' }, /cannot be read/],
    ['a private key', { public_key: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }, /private/],
    ['a short RSA key', { public_key: pemOf(small.publicKey) }, /2048/],
    ['an RSA key for ES256', { algorithms: ['ES256'], public_key: pemOf(rsa.publicKey) }, /ES256 wants/],
    ['a curve of another algorithm', { algorithms: ['ES384'], public_key: pemOf(ecPair().publicKey) }, /ES384 wants/],
  ];
  for (const [what, options, message] of bad)
    it(`cannot be made with ${what}, and reports that`, () => {
      assert.throws(
        () => verifierOf(options),
        (error: Error) => {
          assert.match(error.message, message);
          assert.match(error.message, /^jwt provider https:\/\/idp\.example: /);
          assert.doesNotMatch(error.message, /BEGIN PRIVATE KEY-----\n|xxxxxx|an-hmac-secret/);
          return true;
        },
      );
    });

  it('cannot be made with providers that cannot be distinguished', () => {
    const make = (...issuers: (string | undefined)[]) =>
      createTokenVerifier(
        issuers.map((issuer) => provider({ issuer, algorithms: ['HS256'], secret: SECRET })),
        { watch: NO_OBSERVER },
      );
    assert.throws(() => make(), /no provider/);
    assert.throws(() => make('https://a', undefined), /must name its issuer/);
    assert.throws(() => make('https://a', 'https://a'), /two providers/);
  });

  it('takes any issuer where it knows of none', async () => {
    const verifier = verifierOf({ algorithms: ['HS256'], secret: SECRET, issuer: undefined, audience: undefined });
    await accepts(verifier, hmacSigned(HEADER, { exp: SECOND + 1, sub: 'a' }));
    await accepts(verifier, hmacSigned(HEADER, { ...CLAIMS, iss: 'https://whoever' }));
  });

  it('reads public keys in all their PEM forms', async () => {
    const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string;
    assert.match(pkcs1, /RSA PUBLIC KEY/);
    assert.ok(createPublicKey(pkcs1).equals(rsa.publicKey));
    await accepts(verifierOf({ public_key: pkcs1 }), await signed(rsa.privateKey));
    await accepts(verifierOf({ public_key: `\n${pemOf(rsa.publicKey)}\n` }), await signed(rsa.privateKey));
  });

  it('accepts no token because of another that is cached', async () => {
    const verifier = secret();
    const token = hmacSigned(HEADER, CLAIMS);
    await accepts(verifier, token);
    const failure = await outcome(verifier, `${token.slice(0, -4)}AAAA`);
    assert.ok(failure instanceof Failure);
  });
});
