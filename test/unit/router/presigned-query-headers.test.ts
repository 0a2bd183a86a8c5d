import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Incoming } from '../../../src/domain/stages.ts';
import { applyQueryHeaders } from '../../../src/router/presigned-query-headers.ts';
import { parseTarget } from '../../../src/server/request-target.ts';

const applied = (query: string, headers: Record<string, string> = {}) =>
  applyQueryHeaders({ headers, query: parseTarget(`/uploads/k?${query}`).query } as unknown as Incoming);

describe('headers in the query', () => {
  it('become headers if the query is signed, and stay parameters otherwise', () => {
    const { headers, query } = applied('X-Amz-Signature=1&X-Amz-Meta-A=b&x-id=PutObject', { host: 'gateway' });
    assert.deepEqual(headers, { host: 'gateway', 'x-amz-meta-a': 'b' });
    assert.deepEqual(
      query.map(([name]) => name),
      ['X-Amz-Signature', 'x-id'],
    );
    assert.deepEqual(applied('X-Amz-Meta-A=b').headers, {});
  });

  it('have one character for each UTF-8 byte, like a header', () => {
    const { headers } = applied('X-Amz-Signature=1&X-Amz-Meta-A=%C3%A9%F0%9F%90%89', {
      'x-amz-meta-a': 'Ã©ð\x9f\x90\x89',
    });
    assert.equal(Buffer.from(headers['x-amz-meta-a'] ?? '', 'latin1').toString('utf8'), 'é🐉');
  });

  for (const [what, pair] of [
    ['a line break', 'X-Amz-Meta-A=%0d%0ax-amz-acl:%20public-read'],
    ['a NUL', 'X-Amz-Meta-A=%00'],
    ['a line break in its name', 'X-Amz-Meta-%0d%0aA=b'],
    ['a colon in its name', 'X-Amz-Meta-A:=b'],
    ['a name that is not ASCII', 'X-Amz-Meta-%C3%A9=b'],
    ['two spellings of two values', 'X-Amz-Meta-A=b&x-amz-meta-a=c'],
  ] as const) {
    it(`are rejected with ${what}`, () => {
      assert.throws(() => applied(`X-Amz-Signature=1&${pair}`), { type: 'invalid_argument' });
    });
  }
});
