import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { receive, receivedHeaders } from '../../../src/domain/received-headers.ts';

describe('received headers', () => {
  it('have lower-case names, and keep the values of a repeated header apart', () => {
    const received = receivedHeaders(['Host', 'h', 'Via', 'a', 'VIA', 'b, c', 'via', 'd']);
    assert.deepEqual({ ...received }, { host: 'h', via: ['a', 'b, c', 'd'] });
  });

  it('are known to be without repetition, whatever the case of their names', () => {
    const once = receive(['Host', 'h', 'Via', 'a']);
    assert.equal(once.unrepeated, once.received);
    assert.equal(receive(['Host', 'h', 'Via', 'a', 'VIA', 'b']).unrepeated, undefined);
    assert.equal(receive(['__proto__', 'a', '__proto__', 'b']).unrepeated, undefined);
  });

  it('have no names but those of the request', () => {
    const received = receivedHeaders(['__proto__', 'a']);
    assert.deepEqual(Object.keys(received), ['__proto__']);
    assert.equal(received.constructor, undefined);
  });
});
