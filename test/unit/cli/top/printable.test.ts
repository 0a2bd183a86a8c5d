import assert from 'node:assert/strict';
import { it } from 'node:test';
import { printableJson } from '../../../../src/cli/top/printable.ts';

it('JSON sends no commands to a terminal', () => {
  const document = { key: 'a\x1b[31m\x9b31mb\u202e\u2028\u{e0001}\ud83d größe 😀' };
  const json = printableJson(document);
  assert.doesNotMatch(json, /[\p{C}\p{Zl}\p{Zp}]/u);
  assert.match(json, /größe 😀/);
  assert.deepEqual(JSON.parse(json), document);
});
