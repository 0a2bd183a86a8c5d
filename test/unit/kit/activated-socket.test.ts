import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { activatedSocket } from '../../../src/kit/activated-socket.ts';

describe('the socket of a service manager', () => {
  it('is descriptor 3, for the process that LISTEN_PID names', () => {
    assert.equal(activatedSocket({ LISTEN_PID: '42', LISTEN_FDS: '1' }, 42), 3);
    assert.equal(activatedSocket({ LISTEN_PID: '42', LISTEN_FDS: '1' }, 43), undefined);
    assert.equal(activatedSocket({ LISTEN_PID: '42' }, 42), undefined);
    assert.equal(activatedSocket({}, 42), undefined);
  });

  it('is the only one', () => {
    assert.throws(() => activatedSocket({ LISTEN_PID: '42', LISTEN_FDS: '2' }, 42), /passed 2 sockets; pass one/);
  });
});
