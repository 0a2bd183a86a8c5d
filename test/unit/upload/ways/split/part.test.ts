import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Part } from '../../../../../src/upload/ways/split/part.ts';
import { PartMemory } from '../../../../../src/upload/ways/split/part-memory.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const memoryOf = (mebibytes: number): PartMemory =>
  new PartMemory({ limitBytes: mebibytes * MIB, leastBytes: 5 * MIB, waitMillis: 30_000, fairRate: 0 });

function partOf(memory: PartMemory, mostBytes: number, isFirst = true): Part {
  const share = memory.open({ leastBytes: 5 * MIB, client: 'c', isCounted: false, refuse() {} });
  return new Part(memory, share, { leastBytes: 5 * MIB, mostBytes }, isFirst);
}

/** As much as it takes. @returns bytes. */
function fill(part: Part, bytes: Buffer, piece = 65_537): number {
  let at = 0;
  for (let taken = -1; taken !== 0 && at < bytes.length; at += taken)
    taken = part.write(bytes.subarray(at, at + piece));
  return at;
}

describe('Part', () => {
  for (const isFirst of [true, false]) {
    it(`holds the written bytes, in pieces of any size, until it is freed (first: ${isFirst})`, () => {
      for (const [size, piece] of [
        [1, 1],
        [5_000, 1],
        [64 * KIB, 1_000],
        [64 * KIB + 1, 65_537],
        [2 * MIB + 123, 65_537],
        [5 * MIB, 3 * MIB],
      ] as const) {
        const part = partOf(memoryOf(48), 16 * MIB, isFirst);
        const bytes = randomBytes(size);
        assert.equal(fill(part, bytes, piece), size);
        assert.equal(part.length, size);
        assert.ok(Buffer.concat(part.pieces).equals(bytes), String(size));
      }
    });
  }

  it('copies: what becomes of the source does not matter', () => {
    const part = partOf(memoryOf(48), 16 * MIB);
    const source = Buffer.from('x');
    part.write(source);
    source[0] = 0;
    assert.equal(Buffer.concat(part.pieces).toString(), 'x');
  });

  it('takes no memory for parts for the first 64 KiB of an object, then at most twice its bytes, then that of a part', () => {
    const memory = memoryOf(48);
    const part = partOf(memory, 16 * MIB);
    const kib = Buffer.alloc(KIB);
    for (let length = KIB; length <= 4 * MIB; length += KIB) {
      assert.equal(fill(part, kib), KIB);
      const most = length <= 64 * KIB ? 0 : length <= 512 * KIB ? 2 * length : 5 * MIB;
      assert.ok(memory.reservedBytes <= most, `${length}: ${memory.reservedBytes}`);
    }
  });

  it('grows to its size while there is memory, and is full then', () => {
    const memory = memoryOf(48);
    const part = partOf(memory, 16 * MIB);
    assert.equal(fill(part, Buffer.alloc(17 * MIB)), 16 * MIB);
    assert.equal(part.isWhole, true);
    assert.equal(memory.reservedBytes, 16 * MIB - 64 * KIB);
  });

  it('has its smallest size where memory is short, and can then be sent', () => {
    const memory = memoryOf(8);
    const part = partOf(memory, 16 * MIB);
    assert.equal(fill(part, Buffer.alloc(5 * MIB - 1)), 5 * MIB - 1);
    assert.equal(part.isWhole, false);
    assert.ok(fill(part, Buffer.alloc(16 * MIB)) <= 2 * MIB);
    assert.equal(part.isWhole, true);
  });

  it('releases unused reserved memory at its end', () => {
    const memory = memoryOf(8);
    const part = partOf(memory, 16 * MIB);
    fill(part, Buffer.alloc(1.5 * MIB));
    assert.equal(memory.reservedBytes, 5 * MIB - 64 * KIB, 'the rest of the smallest part');
    part.seal();
    assert.equal(memory.reservedBytes, 2 * MIB - 64 * KIB);
  });

  it('gives all memory back, and lets it be used again only if nothing reads it any more', () => {
    const memory = memoryOf(48);
    const bytes = Buffer.alloc(300 * KIB);
    const first = partOf(memory, 16 * MIB);
    fill(first, bytes);
    const aborted = first.pieces.map(({ buffer }) => buffer);
    first.free(false);
    assert.equal(memory.reservedBytes, 0);
    const second = partOf(memory, 16 * MIB);
    fill(second, bytes);
    const sent = second.pieces.map(({ buffer }) => buffer);
    assert.deepEqual(
      sent.filter((buffer) => aborted.includes(buffer)),
      [],
    );
    second.free(true);
    const third = partOf(memory, 16 * MIB);
    fill(third, bytes);
    const reused = third.pieces.filter(({ buffer }) => sent.includes(buffer));
    assert.equal(reused.length, sent.length - 1, "all but the upload's own 64 KiB");
  });
});
