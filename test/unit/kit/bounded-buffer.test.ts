import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BoundedBuffer } from '../../../src/kit/bounded-buffer.ts';

describe('BoundedBuffer', () => {
  it('joins chunks of any size in order', () => {
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      const whole = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
      const buffer = new BoundedBuffer(1000);
      for (let at = 0; at < whole.length; at += size) assert.ok(buffer.add(whole.subarray(at, at + size)));
      assert.deepEqual(buffer.bytes, whole);
    }
  });

  it('does not copy a single chunk, and does not write into it when a second one arrives', () => {
    const slab = Buffer.from('first, and what is behind it');
    const buffer = new BoundedBuffer(100);
    buffer.add(slab.subarray(0, 5));
    assert.equal(buffer.bytes.buffer, slab.buffer);
    buffer.add(Buffer.from(' and second'));
    assert.equal(buffer.bytes.toString(), 'first and second');
    assert.equal(slab.toString(), 'first, and what is behind it');
  });

  it('adds no part of a chunk that exceeds its limit', () => {
    const buffer = new BoundedBuffer(4);
    assert.ok(buffer.add(Buffer.from('abc')));
    assert.ok(!buffer.add(Buffer.from('de')));
    assert.ok(buffer.add(Buffer.from('d')));
    assert.equal(buffer.bytes.toString(), 'abcd');
  });

  it('allocates at most twice its contents, and never more than its limit', () => {
    const buffer = new BoundedBuffer(1000);
    buffer.add(Buffer.from('x'));
    for (let length = 2; length <= 1000; length++) {
      buffer.add(Buffer.from('x'));
      assert.ok(buffer.bytes.buffer.byteLength <= Math.min(2 * length, 1000), `${length}`);
    }
  });
});
