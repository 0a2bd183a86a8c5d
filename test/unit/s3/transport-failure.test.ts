import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionFailed } from '../../../src/kit/connection-error.ts';
import { transportFailure } from '../../../src/s3/transport-failure.ts';

const errorWith = (code: string): Error => Object.assign(new Error(code), { code });

describe('an error of a connection to a store', () => {
  it('means that the store is unreachable if no connection was established', () => {
    const { type, reason, outcome } = transportFailure(new ConnectionFailed(errorWith('EHOSTUNREACH')));
    assert.deepEqual([type, reason, outcome], ['store_unreachable', 'EHOSTUNREACH', 'not_stored']);
  });

  it('leaves the outcome unknown if an established connection is lost', () => {
    for (const code of ['EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET']) {
      const { type, reason, outcome } = transportFailure(errorWith(code));
      assert.deepEqual([type, reason, outcome], ['store_reset', code, 'unknown']);
    }
  });
});
