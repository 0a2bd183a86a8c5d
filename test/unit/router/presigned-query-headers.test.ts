import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Incoming } from '../../../src/domain/stages.ts';
import { unhoist } from '../../../src/router/presigned-query-headers.ts';
import { parseTarget } from '../../../src/server/request-target.ts';

const unhoisted = (query: string, headers: Record<string, string> = {}) =>
  unhoist({ headers, query: parseTarget(`/uploads/k?${query}`).query } as unknown as Incoming);

describe('headers in the query', () => {
  it('are headers where the query is signed, and stay parameters where it is not', () => {
    const { headers, query } = unhoisted('X-Amz-Signature=1&X-Amz-Meta-A=b&x-id=PutObject', { host: 'gateway' });
    assert.deepEqual(headers, { host: 'gateway', 'x-amz-meta-a': 'b' });
    assert.deepEqual(
      query.map(([name]) => name),
      ['X-Amz-Signature', 'x-id'],
    );
    assert.deepEqual(unhoisted('X-Amz-Meta-A=b').headers, {});
  });

  it('have the bytes of their UTF-8, as the same header would have on the wire', () => {
    const { headers } = unhoisted('X-Amz-Signature=1&X-Amz-Meta-A=%C3%A9%F0%9F%90%89', {
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
    it(`are refused with ${what}`, () => {
      assert.throws(() => unhoisted(`X-Amz-Signature=1&${pair}`), { type: 'invalid_argument' });
    });
  }
});
