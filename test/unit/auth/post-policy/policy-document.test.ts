import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePolicy } from '../../../../src/auth/post-policy/policy-document.ts';
import { Failure } from '../../../../src/domain/failure.ts';

const EXPIRATION = '2015-12-30T12:00:00.000Z';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function failureOf(policy: string): Failure {
  try {
    parsePolicy(policy);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.fail('it was accepted');
}

describe('parsePolicy', () => {
  const conditions = JSON.stringify([{ bucket: 'b' }, ['starts-with', '$KEY', 'k']]);
  const withCondition = (condition: string): string =>
    `{"expiration":"${EXPIRATION}","conditions":${conditions.slice(0, -1)},${condition}]}`;
  const withExpiration = (expiration: string): string => `{"expiration":${expiration},"conditions":${conditions}}`;
  it('reads conditions in both forms, and names without their case', () => {
    assert.deepEqual(parsePolicy(base64(withCondition('["Content-Length-Range","5",10]'))), {
      expiresAt: Date.parse(EXPIRATION),
      conditions: [
        { operator: 'eq', field: 'bucket', value: 'b' },
        { operator: 'starts-with', field: 'key', value: 'k' },
        { operator: 'content-length-range', min: 5, max: 10 },
      ],
    });
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
    it(`refuses ${what}`, () => {
      const { type, code, status, reason } = failureOf(base64(policy));
      assert.deepEqual(
        [type, code, status, reason],
        ['form_refused', 'InvalidPolicyDocument', 400, 'policy_malformed'],
      );
    });
  }

  it('refuses bytes that are not UTF-8, and text that is not base64', () => {
    const bytes = Buffer.from(withCondition('{"x-ignore":"\u00e9"}'), 'latin1').toString('base64');
    for (const policy of [
      bytes,
      '',
      'a b',
      'a\nb',
      '{}',
      'YQ=',
      '====',
      'e30-_',
      `${base64(withCondition('{"a":"b"}'))} `,
    ])
      assert.equal(failureOf(policy).code, 'InvalidPolicyDocument', policy);
  });
});
