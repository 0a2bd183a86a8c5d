import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PieceJoiner, SMALL_PIECE } from '../../../src/kit/piece-joiner.ts';

function joiner() {
  const emitted: Buffer[] = [];
  return { emitted, joiner: new PieceJoiner((bytes) => void emitted.push(bytes)) };
}

describe('PieceJoiner', () => {
  it('joins single bytes into blocks of 16 KiB', () => {
    const { emitted, joiner: small } = joiner();
    for (let i = 0; i < 40_000; i++) small.write(Buffer.from([i % 251]));
    assert.deepEqual(
      emitted.map(({ length }) => length),
      [16_384, 16_384],
    );
    small.flush();
    assert.equal(small.heldBytes, 0);
    assert.ok(Buffer.concat(emitted).every((byte, i) => byte === i % 251));
  });

  it('emits a large chunk unchanged, after earlier small ones', () => {
    const { emitted, joiner: small } = joiner();
    const large = Buffer.alloc(SMALL_PIECE);
    for (const piece of [Buffer.from('a'), Buffer.from('b'), large]) small.write(piece);
    assert.equal(String(emitted[0]), 'ab');
    assert.equal(emitted[1], large);
  });

  it('does not copy a single small chunk', () => {
    const { emitted, joiner: small } = joiner();
    const piece = Buffer.from('alone');
    small.write(piece);
    small.flush();
    small.flush();
    assert.equal(emitted.length, 1);
    assert.equal(emitted[0]!.buffer, piece.buffer);
  });
});
