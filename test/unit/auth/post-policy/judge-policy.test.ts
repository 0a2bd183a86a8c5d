import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgePolicy } from '../../../../src/auth/post-policy/judge-policy.ts';
import { parsePolicy } from '../../../../src/auth/post-policy/policy-document.ts';
import { Failure } from '../../../../src/domain/failure.ts';
import type { LengthBounds } from '../../../../src/domain/stages.ts';

const EXPIRATION = '2015-12-30T12:00:00Z';
const NOON = Date.parse('2015-12-29T12:00:00Z');

type Fields = Readonly<Record<string, string>>;

/** The refusal of a form for the bucket `b`; undefined where its policy allows it. */
function judge(
  fields: Fields,
  conditions: readonly unknown[],
  { now = NOON, fileLength = 7 }: { now?: number; fileLength?: number | LengthBounds } = {},
): Failure | undefined {
  const policy = JSON.stringify({ expiration: EXPIRATION, conditions });
  const bounds = typeof fileLength === 'number' ? { least: fileLength, most: fileLength } : fileLength;
  const request = {
    bucket: 'b',
    key: fields.key ?? '',
    fields: new Map(Object.entries(fields)),
    fileLength: bounds,
  };
  try {
    judgePolicy(parsePolicy(Buffer.from(policy).toString('base64')), request, now);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

const SEVEN = { least: 7, most: 7 };
const BUCKET = { bucket: 'b' };
const KEY = { key: 'k' };
const IMAGE = ['starts-with', '$Content-Type', 'image/'];

describe('judgePolicy', () => {
  const allowed: [what: string, fields: Fields, conditions: readonly unknown[]][] = [
    ['eq as a list', KEY, [['eq', '$key', 'k']]],
    ['names and operators in any case', KEY, [['StArTs-WiTh', '$KeY', '']]],
    ['several conditions for a field', { key: 'abc' }, [['starts-with', '$key', 'a'], { KEY: 'abc' }]],
    ['types that all begin so', { ...KEY, 'content-type': 'image/png, image/gif' }, [KEY, IMAGE]],
    ['fields that are to be ignored', { ...KEY, 'x-ignore-a': 'b' }, [KEY]],
    ['what carries the policy', { ...KEY, policy: 'p', 'x-amz-signature': 's' }, [KEY]],
    ['a backslash before a dollar as it is', { key: '\\$foo.txt' }, [['starts-with', '$key', '\\$foo']]],
    ['a field bucket that says the same', { ...KEY, bucket: 'b' }, [KEY]],
  ];
  for (const [what, fields, conditions] of allowed) {
    it(`allows ${what}`, () => assert.equal(judge(fields, [BUCKET, ...conditions]), undefined));
  }

  const refused: [what: string, fields: Fields, conditions: readonly unknown[]][] = [
    ['a value in another case', { key: 'K' }, [KEY]],
    ['a value that begins right and goes on', { key: 'kk' }, [KEY]],
    ['one of two conditions that does not hold', { key: 'abc' }, [['starts-with', '$key', 'a'], { key: 'ab' }]],
    ['one type that begins otherwise', { ...KEY, 'content-type': 'image/png,text/html' }, [KEY, IMAGE]],
    ['a comma in what is no list', { key: 'a,b' }, [['eq', '$key', 'a']]],
    ['a condition on a field that is not there', KEY, [KEY, ['starts-with', '$acl', '']]],
    ['a condition on what every object has', KEY, [KEY, { constructor: '' }]],
    ['another bucket', KEY, [{ bucket: 'c' }, KEY]],
  ];
  for (const [what, fields, conditions] of refused) {
    it(`refuses ${what}`, () => {
      const { type, status, reason } = judge(fields, [BUCKET, ...conditions]) ?? {};
      assert.deepEqual([type, status, reason], ['policy_violated', 403, 'condition_failed']);
    });
  }

  it('refuses fields that no condition covers, and a bucket that is left open', () => {
    const more = judge({ ...KEY, acl: 'private' }, [BUCKET, KEY]);
    assert.equal(more?.message, 'Invalid according to Policy: Extra input fields: acl');
    assert.equal(judge(KEY, [KEY])?.message, 'Invalid according to Policy: Extra input fields: bucket');
  });

  it('judges the key that will be written, whatever the value of the field', () => {
    const policy = parsePolicy(
      Buffer.from(JSON.stringify({ expiration: EXPIRATION, conditions: [BUCKET, KEY] })).toString('base64'),
    );
    const request = { bucket: 'b', key: 'other', fields: new Map(Object.entries(KEY)), fileLength: SEVEN };
    assert.throws(() => judgePolicy(policy, request, NOON), { reason: 'condition_failed' });
  });

  it('refuses from the moment of expiration on', () => {
    const end = Date.parse(EXPIRATION);
    assert.equal(judge(KEY, [BUCKET, KEY], { now: end - 1 }), undefined);
    const { message, code } = judge(KEY, [BUCKET, KEY], { now: end }) ?? {};
    assert.deepEqual([message, code], ['Invalid according to Policy: Policy expired.', 'AccessDenied']);
  });

  it('shows the condition that failed to the client only', () => {
    const name = { 'x-amz-meta-name': 'Jane "J" Doe' };
    const { message, details } = judge({ ...KEY, 'x-amz-meta-name': 'x' }, [BUCKET, KEY, name]) ?? {};
    assert.equal(message, 'Invalid according to Policy: Policy Condition failed: ["eq", "$x-amz-meta-name", ...]');
    assert.equal(details?.Condition, '["eq","$x-amz-meta-name","Jane \\"J\\" Doe"]');
  });

  const lengths: [range: readonly unknown[], fileLength: number, code: string | undefined][] = [
    [[5, 10], 4, 'EntityTooSmall'],
    [[5, 10], 5, undefined],
    [['5', '10'], 10, undefined],
    [[5, 10], 11, 'EntityTooLarge'],
    [[0, 0], 0, undefined],
    [[0, 0], 1, 'EntityTooLarge'],
    [[10, 5], 7, 'EntityTooLarge'],
  ];
  for (const [range, fileLength, code] of lengths) {
    it(`${code ?? 'allows'}: ${fileLength} bytes in content-length-range ${JSON.stringify(range)}`, () => {
      const failure = judge(KEY, [BUCKET, KEY, ['content-length-range', ...range]], { fileLength });
      assert.equal(failure?.code, code);
      if (code !== undefined)
        assert.deepEqual([failure?.status, failure?.details.ProposedSize], [400, `${fileLength}`]);
    });
  }
});
