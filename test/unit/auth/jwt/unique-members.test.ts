import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasUniqueMembers } from '../../../../src/auth/jwt/unique-members.ts';

describe('the members of a JSON text', () => {
  const unique = [
    '{}',
    'null',
    '"{\\"a\\":1,\\"a\\":2}"',
    '{"a":1,"b":2}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":2}]',
    '{"a":[{"a":1},{"a":1}],"b":{"a":1}}',
    '{"a":"a","b":"a:a","c":["a","a"]}',
    '{"a":"\\\\","b":"\\"","c":"\\\\\\""}',
    '{"a":"}","b":"{","c":"]","d":"[","e":":"}',
    '{"":1,"a":2," ":3}',
    '{"a":1,"A":2}',
    '{"__proto__":1,"constructor":2}',
    '{"a" : 1 ,\n\t"b"\r\n: [ 2 ] }',
  ];
  for (const text of unique)
    it(`are each there once in ${JSON.stringify(text)}`, () => {
      JSON.parse(text);
      assert.equal(hasUniqueMembers(text), true);
    });

  const twice = [
    '{"a":1,"a":1}',
    '{"a":1,"b":{"c":1,"c":2}}',
    '[[{"a":1,"b":2,"a":3}]]',
    '{"a":1,"\\u0061":2}',
    '{"":1,"":2}',
    '{"a":{"b":1},"a":[]}',
    '{"a":"\\\\","a":1}',
    '{"__proto__":1,"__proto__":2}',
    '{"\\ud83d\\ude00":1,"😀":2}',
    '{"a" : 1 ,\n "a"\t: 2}',
  ];
  for (const text of twice)
    it(`are there twice in ${JSON.stringify(text)}`, () => {
      JSON.parse(text);
      assert.equal(hasUniqueMembers(text), false);
    });

  it('are distinguished in a text that makes slow readers slow', () => {
    const text = `{"a":"${'\\\\'.repeat(50_000)}${'{[":'.replace('"', '\\"').repeat(10_000)}","b":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    JSON.parse(text);
    assert.equal(hasUniqueMembers(text), true);
  });
});
