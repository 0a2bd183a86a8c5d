import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from '../../../src/metrics/registry.ts';

describe('the series as they are now', () => {
  it('leave the values since the last collection to collections', () => {
    const registry = new Registry();
    let rounds = 0;
    let reads = 0;
    registry.onRound(() => void rounds++);
    registry.onCollect(() => void reads++);
    registry.current();
    registry.collect();
    assert.deepEqual([rounds, reads], [1, 2]);
  });
});
