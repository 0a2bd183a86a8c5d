import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Findings, Proof } from '../../../src/auth/authenticator.ts';
import { type KeyRing, ReloadableKeyRing } from '../../../src/auth/key-ring.ts';
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

const ring = new ReloadableKeyRing([{ access_key: ACCESS_KEY, secret_key: SECRET_KEY, subject: 'browser' }], {
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
  readonly ring?: KeyRing;
  readonly tokens?: TokenVerifier;
  readonly findings?: Findings;
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
    ring: options.ring ?? ring,
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
/** A form with these fields, under a policy with these conditions, rightly signed. */
const formWith = (fields: Fields, ...conditions: unknown[]): Fields =>
  signed(base64(JSON.stringify({ expiration: EXPIRATION, conditions: [...OWN, ...conditions] })), fields);
const formUnder = (policy: string): Fields => signed(base64(policy), { key: 'k' });

describe("postPolicyAuthenticator: AWS's published example", () => {
  it('is accepted', () => {
    const findings: Findings = { method: 'post_policy', keyId: undefined, keySource: undefined };
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

  it('tells the client what was signed, as S3 does', () => {
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

describe('postPolicyAuthenticator: conditions', () => {
  const type = ['starts-with', '$Content-Type', 'image/'];
  const accepted: [what: string, form: Fields][] = [
    ['eq as a list', formWith({ key: 'a' }, ['eq', '$key', 'a'])],
    ['names and operators in any case', formWith({ key: 'a' }, ['StArTs-WiTh', '$KeY', ''])],
    ['several conditions for a field', formWith({ key: 'abc' }, ['starts-with', '$key', 'a'], { KEY: 'abc' })],
    [
      'a list of types that all begin so',
      formWith({ key: 'k', 'content-type': 'image/png, image/gif' }, { key: 'k' }, type),
    ],
    ['fields that are to be ignored', formWith({ key: 'k', 'x-ignore-a': 'b' }, { key: 'k' })],
    ['a backslash before a dollar as it is', formWith({ key: '\\$foo.txt' }, ['starts-with', '$key', '\\$foo'])],
    [
      'an expiration without fractions',
      signed(base64(JSON.stringify({ expiration: '2015-12-30T12:00:00Z', conditions: [...OWN, { key: 'k' }] })), {
        key: 'k',
      }),
    ],
  ];
  for (const [what, form] of accepted) {
    it(`takes ${what}`, () => assert.equal(authenticate(form).identity.subject, 'browser'));
  }

  const refused: [what: string, form: Fields][] = [
    ['a value in another case', formWith({ key: 'A' }, { key: 'a' })],
    ['a value that begins right and goes on', formWith({ key: 'ab' }, { key: 'a' })],
    [
      'one of several conditions that does not hold',
      formWith({ key: 'abc' }, ['starts-with', '$key', 'a'], { key: 'ab' }),
    ],
    [
      'a list of types of which one begins otherwise',
      formWith({ key: 'k', 'content-type': 'image/png,text/html' }, { key: 'k' }, type),
    ],
    ['a condition on a field that is not there', formWith({ key: 'k' }, { key: 'k' }, ['starts-with', '$acl', ''])],
    ['a condition on what every object has', formWith({ key: 'k' }, { key: 'k' }, { constructor: '' })],
  ];
  for (const [what, form] of refused) {
    it(`refuses ${what}`, () => {
      const { type: failed, status, reason } = failureOf(form);
      assert.deepEqual([failed, status, reason], ['policy_violated', 403, 'condition_failed']);
    });
  }

  it('shows the condition that failed to the client only', () => {
    const form = formWith({ key: 'k', 'x-amz-meta-name': 'x' }, { key: 'k' }, { 'x-amz-meta-name': 'Jane "J" Doe' });
    const { message, details } = failureOf(form);
    assert.equal(message, 'Invalid according to Policy: Policy Condition failed: ["eq", "$x-amz-meta-name", ...]');
    assert.equal(details.Condition, '["eq","$x-amz-meta-name","Jane \\"J\\" Doe"]');
  });

  it('refuses a policy that leaves the bucket open', () => {
    const policy = JSON.stringify({ expiration: EXPIRATION, conditions: [...OWN.slice(1), { key: 'k' }] });
    assert.equal(failureOf(formUnder(policy)).reason, 'field_not_covered');
  });

  const lengths: [range: unknown[], length: number, outcome: string][] = [
    [[5, 10], 4, 'EntityTooSmall'],
    [[5, 10], 5, 'accepted'],
    [['5', '10'], 10, 'accepted'],
    [[5, 10], 11, 'EntityTooLarge'],
    [[0, 0], 0, 'accepted'],
    [[0, 0], 1, 'EntityTooLarge'],
    [[10, 5], 7, 'EntityTooLarge'],
  ];
  for (const [range, length, outcome] of lengths) {
    it(`${outcome} for ${length} bytes in content-length-range ${JSON.stringify(range)}`, () => {
      const form = formWith({ key: 'k' }, { key: 'k' }, ['content-length-range', ...range]);
      if (outcome === 'accepted') assert.ok(authenticate(form, { length }));
      else {
        const { code, status, details } = failureOf(form, { length });
        assert.deepEqual([code, status, details.ProposedSize], [outcome, 400, String(length)]);
      }
    });
  }
});

describe('postPolicyAuthenticator: policies that cannot be read', () => {
  const conditions = JSON.stringify([...OWN, { key: 'k' }]);
  const withCondition = (condition: string): string =>
    `{"expiration":"${EXPIRATION}","conditions":${conditions.slice(0, -1)},${condition}]}`;
  const withExpiration = (expiration: string): string => `{"expiration":${expiration},"conditions":${conditions}}`;
  it('are not the ones that these tests are made of', () => {
    assert.ok(authenticate(formUnder(withCondition('{"key":"k"}'))));
    assert.ok(authenticate(formUnder(withExpiration(`"${EXPIRATION}"`))));
  });

  const unreadable: [what: string, policy: string][] = [
    ['no JSON', 'hello'],
    ['a trailing comma', `{"expiration":"${EXPIRATION}","conditions":${conditions},}`],
    ['more than JSON', `${withExpiration(`"${EXPIRATION}"`)}{}`],
    ['a list', '[]'],
    ['null', 'null'],
    ['no expiration', `{"conditions":${conditions}}`],
    ['no conditions', `{"expiration":"${EXPIRATION}"}`],
    ['names in capitals', `{"EXPIRATION":"${EXPIRATION}","CONDITIONS":${conditions}}`],
    ['a member that policies do not have', `{"Version":"1","expiration":"${EXPIRATION}","conditions":${conditions}}`],
    ['conditions that are no list', `{"expiration":"${EXPIRATION}","conditions":{"key":"k"}}`],
    [
      'two expirations',
      `{"expiration":"2000-01-01T00:00:00Z","expiration":"${EXPIRATION}","conditions":${conditions}}`,
    ],
    [
      'two expirations, one of them in disguise',
      `{"expiratio\\u006e":"2000-01-01T00:00:00Z","expiration":"${EXPIRATION}","conditions":${conditions}}`,
    ],
    [
      'two lists of conditions',
      `{"conditions":[{"key":"other"}],"expiration":"${EXPIRATION}","conditions":${conditions}}`,
    ],
    ['a condition with one member twice', withCondition('{"key":"other","key":"k"}')],
    ['an expiration with an offset', withExpiration('"2015-12-30T12:00:00+02:00"')],
    ['an expiration with a space', withExpiration('"2015-12-30 12:00:00Z"')],
    ['an expiration on no day', withExpiration('"2015-13-30T12:00:00Z"')],
    ['an expiration as a number', withExpiration('4102444800')],
    ['an empty condition', withCondition('{}')],
    ['an empty list as condition', withCondition('[]')],
    ['a condition with two members', withCondition('{"key":"k","acl":"private"}')],
    ['a condition on a number', withCondition('{"content-length":5}')],
    ['a condition that is a string', withCondition('"key"')],
    ['a condition that is null', withCondition('null')],
    ['an unknown operator', withCondition('["ends-with","$key","k"]')],
    ['an operator of no type', withCondition('[null,"$key","k"]')],
    ['a field without its dollar', withCondition('["eq","key","k"]')],
    ['eq with a number', withCondition('["eq","$key",1]')],
    ['eq with one operand', withCondition('["eq","$key"]')],
    ['eq with three', withCondition('["eq","$key","k","k"]')],
    ['a range of one length', withCondition('["content-length-range",0]')],
    ['a range of words', withCondition('["content-length-range","test","10"]')],
    ['a negative range', withCondition('["content-length-range",-1,0]')],
    ['a range of fractions', withCondition('["content-length-range",0,512.5]')],
    ['a range beyond all numbers', withCondition('["content-length-range",0,1e300]')],
    ['a range of lists', withCondition('["content-length-range",[0],[1]]')],
    ['10,000 nested lists', withCondition('['.repeat(10_000) + ']'.repeat(10_000))],
  ];
  for (const [what, policy] of unreadable) {
    it(`are refused: ${what}`, () => {
      const { type, code, status, reason } = failureOf(formUnder(policy));
      assert.deepEqual(
        [type, code, status, reason],
        ['form_refused', 'InvalidPolicyDocument', 400, 'policy_malformed'],
      );
    });
  }

  it('are refused: bytes that are not UTF-8, and what is not base64', () => {
    const bytes = Buffer.from(withCondition('{"x-ignore":"\u00e9"}'), 'latin1').toString('base64');
    for (const policy of [bytes, 'a b', 'a\nb', '{}', 'YQ=', '====', 'e30-_'])
      assert.equal(failureOf(signed(policy, { key: 'k' })).type, 'form_refused', policy);
  });

  it('are not even read where the signature is wrong', () => {
    const form = { ...formUnder('hello'), 'x-amz-signature': '0'.repeat(64) };
    assert.equal(failureOf(form).reason, 'wrong_signature');
  });
});

describe('postPolicyAuthenticator: session tokens', () => {
  const form = (token: string | undefined, key = { accessKey: 'jwt', secret: 'known-to-everybody' }): Fields => {
    const conditions = [...OWN, { key: 'k' }, ...(token === undefined ? [] : [{ 'X-Amz-Security-Token': token }])];
    const policy = base64(JSON.stringify({ expiration: EXPIRATION, conditions }));
    return signed(policy, { key: 'k', 'x-amz-security-token': token }, key);
  };

  it('say who it is, and until when', () => {
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
