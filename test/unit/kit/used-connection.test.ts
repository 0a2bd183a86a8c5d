import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitForConnection } from '../../../src/kit/used-connection.ts';

const connection = { address: '127.0.0.1', port: 9000, timing: undefined };

describe('the wait for a connection', () => {
  for (const [what, isReused, millis, seconds] of [
    ['of less than a millisecond is not shown for a connection that was there', true, 0.9, undefined],
    ['of a millisecond is shown', true, 1, 0.001],
    ['is always shown for a new connection', false, 0, 0],
  ] as const) {
    it(what, () => {
      assert.equal(waitForConnection({ ...connection, isReused }, millis), seconds);
    });
  }
});
