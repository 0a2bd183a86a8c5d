import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { showAge, showBytes, showBytesOf, showSeconds } from '../../../page/format.ts';

describe('numbers for people', () => {
  it('are bytes with three digits', () => {
    const shown = [0, 999, 1000, 1536, 20_000_000, 2 ** 40].map(showBytes);
    assert.deepEqual(shown, ['0 B', '999 B', '0.98 KiB', '1.50 KiB', '19.1 MiB', '1 TiB']);
  });

  it('are bytes of a size in one unit', () => {
    assert.equal(showBytesOf(1024 ** 2, 64 * 1024 ** 2), '1 of 64 MiB');
  });

  it('are durations', () => {
    const shown = [0, 0.00002, 0.0123, 0.9999, 59.9, 61, 3_700, 200_000].map(showSeconds);
    assert.deepEqual(shown, ['0 s', '20 µs', '12.3 ms', '1.00 s', '59.9 s', '1 min 1 s', '1 h 1 min', '2 d 7 h']);
  });

  it('are ages in whole seconds', () => {
    assert.deepEqual([0.4, 42.9, 61].map(showAge), ['0 s', '42 s', '1 min 1 s']);
  });
});
