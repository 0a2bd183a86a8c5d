import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { BLOCK_BYTES, BlockPool } from '../../../../src/kit/block-pool.ts';
import { Part } from '../../../../src/upload/split/part.ts';

const MIB = 1024 * 1024;

function reserved(pool: BlockPool, blocks: number, mostBytes: number): Part {
  assert.ok(pool.tryReserve(blocks));
  return new Part(pool, blocks, mostBytes);
}

/** As much as it takes. @returns bytes. */
function fill(part: Part, bytes: Buffer): number {
  let at = 0;
  for (let taken = -1; taken !== 0 && at < bytes.length; at += taken)
    taken = part.write(bytes.subarray(at, at + 65_537));
  return at;
}

describe('Part', () => {
  it('holds what was written, in pieces of any size, for as long as it is not freed', () => {
    const pool = new BlockPool(8 * MIB);
    const part = reserved(pool, 3, 3 * MIB);
    const bytes = randomBytes(2 * MIB + 123);
    assert.equal(fill(part, bytes), bytes.length);
    assert.equal(part.length, bytes.length);
    const kept = Buffer.concat(part.pieces);
    assert.ok(kept.equals(bytes));
    const source = Buffer.from('x');
    part.write(source);
    source[0] = 0;
    assert.equal(Buffer.concat(part.pieces).at(-1), 'x'.charCodeAt(0), 'it is a copy');
  });

  it('grows beyond what was reserved while there is memory, up to its size', () => {
    const pool = new BlockPool(8 * MIB);
    const part = reserved(pool, 2, 4 * MIB + 5);
    assert.equal(fill(part, randomBytes(6 * MIB)), 4 * MIB);
    assert.equal(pool.reservedBytes, 4 * MIB);
    assert.equal(part.write(Buffer.from('x')), 0);
  });

  it('is full where memory is short', () => {
    const pool = new BlockPool(3 * MIB);
    const part = reserved(pool, 2, 4 * MIB);
    assert.ok(pool.tryReserve(1));
    assert.equal(fill(part, randomBytes(4 * MIB)), 2 * MIB);
  });

  it('gives all memory back, and lets it be used again only if nobody reads it any more', () => {
    const pool = new BlockPool(4 * MIB);
    const first = reserved(pool, 1, MIB);
    first.write(Buffer.from('secret'));
    const [piece] = first.pieces;
    first.free(false);
    assert.equal(pool.reservedBytes, 0);
    assert.notEqual(pool.take().buffer, piece?.buffer);
    const second = reserved(pool, 1, MIB);
    second.write(Buffer.from('x'));
    const [again] = second.pieces;
    second.free(true);
    assert.equal(pool.take().buffer, again?.buffer);
    assert.equal(again?.buffer.byteLength, BLOCK_BYTES);
  });
});
