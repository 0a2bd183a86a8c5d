import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newRequestId } from '../../../src/server/request-id.ts';

describe('a request id', () => {
  it('has 16 upper-case hex digits, and is given once', () => {
    const ids = Array.from({ length: 1_000 }, newRequestId);
    for (const id of ids) assert.match(id, /^[0-9A-F]{16}$/);
    assert.equal(new Set(ids).size, ids.length);
  });
});
