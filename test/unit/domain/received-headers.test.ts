import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { receivedHeaders } from '../../../src/domain/received-headers.ts';

describe('received headers', () => {
  it('have lower-case names, and keep the values of a repeated header apart', () => {
    const received = receivedHeaders(['Host', 'h', 'Via', 'a', 'VIA', 'b, c', 'via', 'd']);
    assert.deepEqual({ ...received }, { host: 'h', via: ['a', 'b, c', 'd'] });
  });

  it('have no names but those of the request', () => {
    const received = receivedHeaders(['__proto__', 'a']);
    assert.deepEqual(Object.keys(received), ['__proto__']);
    assert.equal(received.constructor, undefined);
  });
});
