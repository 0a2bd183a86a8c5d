import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import type { AuthAttributes, Proof } from '../../../src/auth/authenticator.ts';
import { type CredentialsStore, ReloadableCredentials } from '../../../src/auth/credentials-store.ts';
import { postPolicyAuthenticator } from '../../../src/auth/post-policy.ts';
import type { TokenVerifier } from '../../../src/auth/token-verifier.ts';
import { Failure } from '../../../src/domain/failure.ts';
import type { Routed } from '../../../src/domain/stages.ts';

// "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)", Amazon S3 API Reference.
const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const CREDENTIAL = `${ACCESS_KEY}/20151229/us-east-1/s3/aws4_request`;
const EXAMPLE_POLICY =
  'eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9';
const EXAMPLE_SIGNATURE = '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e';
const EXAMPLE_FIELDS = {
  key: 'user/user1/photo.jpg',
  acl: 'public-read',
  success_action_redirect: 'http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html',
  'content-type': 'image/jpeg',
  'x-amz-meta-uuid': '14365123651274',
  'x-amz-server-side-encryption': 'AES256',
  'x-amz-credential': CREDENTIAL,
  'x-amz-algorithm': 'AWS4-HMAC-SHA256',
  'x-amz-date': '20151229T000000Z',
  'x-amz-meta-tag': '',
  policy: EXAMPLE_POLICY,
  'x-amz-signature': EXAMPLE_SIGNATURE,
};
const NOON = Date.parse('2015-12-29T12:00:00Z');
const EXPIRATION = '2015-12-30T12:00:00.000Z';

type Fields = Readonly<Record<string, string | undefined>>;

const ring = new ReloadableCredentials([{ access_key: ACCESS_KEY, secret_key: SECRET_KEY, subject: 'browser' }], {
  access_key: 'jwt',
  secret_key: 'known-to-everybody',
});
const tokens: TokenVerifier = {
  verify(token) {
    if (token !== 'good') throw new Failure('token_refused', undefined, { reason: 'wrong_signature' });
    return { subject: 'token-subject', claims: { team: 'a' }, expiresAt: NOON + 1000 };
  },
};

interface Options {
  readonly now?: number;
  readonly bucket?: string;
  readonly length?: number;
  readonly region?: string;
  readonly ring?: CredentialsStore;
  readonly tokens?: TokenVerifier;
  readonly findings?: AuthAttributes;
}

function authenticate(fields: Fields, options: Options = {}): Proof {
  const present = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const request = {
    bucket: { name: options.bucket ?? 'sigv4examplebucket', storeBucket: 'other-name' },
    key: fields.key,
    incoming: { body: { length: options.length ?? 100 } },
    form: { fields: new Map(present), fileName: 'photo.jpg' },
  } as unknown as Routed;
  const authenticator = postPolicyAuthenticator({
    region: options.region ?? 'us-east-1',
    credentials: options.ring ?? ring,
    tokens: options.tokens,
    now: () => options.now ?? NOON,
  });
  const findings = options.findings ?? { method: 'post_policy', keyId: undefined, keySource: undefined };
  return authenticator.authenticate(request, findings) as Proof;
}

function failureOf(fields: Fields, options: Options = {}): Failure {
  try {
    authenticate(fields, options);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.fail('it was accepted');
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Signs by hand, step by step as the documentation has it. */
function signed(
  policy: string,
  fields: Fields,
  { day = '20151229', accessKey = ACCESS_KEY, secret = SECRET_KEY } = {},
) {
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), 'us-east-1'), 's3'), 'aws4_request');
  return {
    ...fields,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKey}/${day}/us-east-1/s3/aws4_request`,
    'x-amz-date': `${day}T000000Z`,
    policy,
    'x-amz-signature': hmac(key, policy).toString('hex'),
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const OWN = [
  { bucket: 'sigv4examplebucket' },
  ['starts-with', '$x-amz-algorithm', ''],
  ['starts-with', '$x-amz-credential', ''],
  ['starts-with', '$x-amz-date', ''],
];
describe("postPolicyAuthenticator: AWS's published example", () => {
  it('is accepted', () => {
    const findings: AuthAttributes = { method: 'post_policy', keyId: undefined, keySource: undefined };
    const { identity, payload } = authenticate(EXAMPLE_FIELDS, { findings });
    assert.deepEqual(identity, {
      method: 'post_policy',
      subject: 'browser',
      claims: {},
      expiresAt: Date.parse(EXPIRATION),
    });
    assert.deepEqual(payload, { hash: 'UNSIGNED-PAYLOAD', chunks: undefined });
    assert.equal(findings.keyId, ACCESS_KEY);
  });

  it('is what we sign by hand in these tests', () => {
    assert.equal(signed(EXAMPLE_POLICY, {})['x-amz-signature'], EXAMPLE_SIGNATURE);
  });

  const changed: [what: string, fields: Fields, options: Options, code: string, reason: string][] = [
    ['another key', { key: 'user/user2/photo.jpg' }, {}, 'AccessDenied', 'condition_failed'],
    ['another ACL', { acl: 'private' }, {}, 'AccessDenied', 'condition_failed'],
    ['no ACL', { acl: undefined }, {}, 'AccessDenied', 'condition_failed'],
    ['another type', { 'content-type': 'text/html' }, {}, 'AccessDenied', 'condition_failed'],
    ['another redirect', { success_action_redirect: 'http://evil/' }, {}, 'AccessDenied', 'condition_failed'],
    ['no x-amz-meta-tag', { 'x-amz-meta-tag': undefined }, {}, 'AccessDenied', 'condition_failed'],
    ['a field more', { 'x-amz-storage-class': 'GLACIER' }, {}, 'AccessDenied', 'field_not_covered'],
    ['another bucket in the URL', {}, { bucket: 'other' }, 'AccessDenied', 'condition_failed'],
    [
      'another bucket in a field',
      { bucket: 'sigv4examplebucket' },
      { bucket: 'other' },
      'AccessDenied',
      'condition_failed',
    ],
    ['the time of its expiration', {}, { now: Date.parse(EXPIRATION) }, 'AccessDenied', 'policy_expired'],
    [
      'another signature',
      { 'x-amz-signature': `0${EXAMPLE_SIGNATURE.slice(1)}` },
      {},
      'SignatureDoesNotMatch',
      'wrong_signature',
    ],
    [
      'half a signature',
      { 'x-amz-signature': EXAMPLE_SIGNATURE.slice(0, 32) },
      {},
      'SignatureDoesNotMatch',
      'wrong_signature',
    ],
    [
      'a signature in capitals',
      { 'x-amz-signature': EXAMPLE_SIGNATURE.toUpperCase() },
      {},
      'SignatureDoesNotMatch',
      'wrong_signature',
    ],
    [
      'a policy that lacks its end',
      { policy: EXAMPLE_POLICY.slice(0, -2) },
      {},
      'SignatureDoesNotMatch',
      'wrong_signature',
    ],
    [
      'a policy with a space behind it',
      { policy: `${EXAMPLE_POLICY} ` },
      {},
      'SignatureDoesNotMatch',
      'wrong_signature',
    ],
    [
      'an unknown access key',
      { 'x-amz-credential': CREDENTIAL.replace('AKIA', 'AKIB') },
      {},
      'InvalidAccessKeyId',
      'unknown_access_key',
    ],
    ['another region here', {}, { region: 'eu-central-1' }, 'InvalidArgument', 'wrong_region'],
    [
      'another region there',
      { 'x-amz-credential': CREDENTIAL.replace('us-east-1', 'us-east-2') },
      {},
      'InvalidArgument',
      'wrong_region',
    ],
    [
      'a region that is none, which nobody should read in a log',
      { 'x-amz-credential': CREDENTIAL.replace('us-east-1', '\r\nlevel=info') },
      {},
      'InvalidArgument',
      'field_malformed',
    ],
    [
      'another day',
      { 'x-amz-credential': CREDENTIAL.replace('20151229', '20151230') },
      {},
      'InvalidArgument',
      'field_malformed',
    ],
    [
      'another service',
      { 'x-amz-credential': CREDENTIAL.replace('/s3/', '/iam/') },
      {},
      'InvalidArgument',
      'field_malformed',
    ],
    ['another terminator', { 'x-amz-credential': `${CREDENTIAL}x` }, {}, 'InvalidArgument', 'field_malformed'],
    [
      'no access key',
      { 'x-amz-credential': CREDENTIAL.replace(ACCESS_KEY, '') },
      {},
      'InvalidArgument',
      'field_malformed',
    ],
    ['another algorithm', { 'x-amz-algorithm': 'AWS4-HMAC-SHA1' }, {}, 'InvalidArgument', 'field_malformed'],
    ['another form of the date', { 'x-amz-date': '2015-12-29T00:00:00Z' }, {}, 'InvalidArgument', 'field_malformed'],
    ['a session token that nobody asked for', { 'x-amz-security-token': 'x' }, {}, 'AccessDenied', 'field_not_covered'],
  ];
  for (const [what, fields, options, code, reason] of changed) {
    it(`is refused with ${what}`, () => {
      const failure = failureOf({ ...EXAMPLE_FIELDS, ...fields }, options);
      assert.deepEqual([failure.code, failure.reason], [code, reason]);
      for (const secret of [SECRET_KEY, EXAMPLE_SIGNATURE, EXAMPLE_POLICY, '14365123651274', 'evil'])
        assert.ok(!failure.message.includes(secret), failure.message);
    });
  }

  for (const name of ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature', 'Policy']) {
    it(`is refused without ${name}, or with an empty one`, () => {
      for (const value of [undefined, '']) {
        const failure = failureOf({ ...EXAMPLE_FIELDS, [name.toLowerCase()]: value });
        assert.deepEqual([failure.type, failure.code, failure.status], ['form_refused', 'InvalidArgument', 400]);
        assert.equal(failure.details.ArgumentName, name);
      }
    });
  }

  it('shows the client the signed text, as S3 does', () => {
    const signature = '0'.repeat(64);
    const { details, status } = failureOf({ ...EXAMPLE_FIELDS, 'x-amz-signature': signature });
    assert.equal(status, 403);
    assert.deepEqual(details, {
      AWSAccessKeyId: ACCESS_KEY,
      StringToSign: EXAMPLE_POLICY,
      SignatureProvided: signature,
    });
  });
});

describe('postPolicyAuthenticator: policies that cannot be read', () => {
  it('are refused', () => {
    const { type, code } = failureOf(signed(base64('hello'), { key: 'k' }));
    assert.deepEqual([type, code], ['form_refused', 'InvalidPolicyDocument']);
  });

  it('are not even read where the signature is wrong', () => {
    const form = { ...signed(base64('hello'), { key: 'k' }), 'x-amz-signature': '0'.repeat(64) };
    assert.equal(failureOf(form).reason, 'wrong_signature');
  });
});

describe('postPolicyAuthenticator: session tokens', () => {
  const form = (token: string | undefined, key = { accessKey: 'jwt', secret: 'known-to-everybody' }): Fields => {
    const conditions = [...OWN, { key: 'k' }, ...(token === undefined ? [] : [{ 'X-Amz-Security-Token': token }])];
    const policy = base64(JSON.stringify({ expiration: EXPIRATION, conditions }));
    return signed(policy, { key: 'k', 'x-amz-security-token': token }, key);
  };

  it('carry an identity and an expiry', () => {
    const { identity } = authenticate(form('good'), { tokens });
    assert.deepEqual(identity, {
      method: 'post_policy',
      subject: 'token-subject',
      claims: { team: 'a' },
      expiresAt: NOON + 1000,
    });
  });

  const refused: [what: string, fields: Fields, options: Options, type: string, reason: string][] = [
    ['a bad one', form('bad'), { tokens }, 'token_refused', 'wrong_signature'],
    ['none, with the key that everybody knows', form(undefined), { tokens }, 'signature_refused', 'token_missing'],
    ['one where none are verified', form('good'), {}, 'signature_refused', 'token_missing'],
    [
      'one with a key that needs none',
      form('good', { accessKey: ACCESS_KEY, secret: SECRET_KEY }),
      { tokens },
      'signature_refused',
      'token_not_wanted',
    ],
  ];
  for (const [what, fields, options, type, reason] of refused) {
    it(`are refused: ${what}`, () => {
      const failure = failureOf(fields, options);
      assert.deepEqual([failure.type, failure.reason], [type, reason]);
    });
  }

  it('may take their time', async () => {
    const slow: TokenVerifier = { verify: async (token, findings) => tokens.verify(token, findings) };
    const { identity } = await authenticate(form('good'), { tokens: slow });
    assert.equal(identity.subject, 'token-subject');
  });
});
