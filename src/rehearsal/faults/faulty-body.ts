/** Applies a fault to a request body: a flipped bit, a slow rate, and the offset of a fault. */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultRule } from '../../config/faults.ts';

/** Yields `now` after `after_bytes` bytes, or at the end of a shorter body. */
export async function* disturbed(body: Readable, fault: FaultRule | undefined): AsyncGenerator<Buffer | 'now'> {
  let gone = 0;
  let isOver = fault?.at !== 'body';
  for await (const piece of body as AsyncIterable<Buffer>) {
    let rest = piece;
    if (fault?.do === 'corrupt') rest = corrupted(piece, fault.after_bytes - gone);
    if (fault?.do === 'slow') await delay((piece.length / fault.bytes_per_second) * 1000);
    if (!isOver && fault !== undefined && gone + piece.length >= fault.after_bytes) {
      const before = fault.after_bytes - gone;
      if (before > 0) yield rest.subarray(0, before);
      rest = rest.subarray(before);
      isOver = true;
      yield 'now';
    }
    gone += piece.length;
    if (rest.length > 0) yield rest;
  }
  if (!isOver) yield 'now';
}

/** Flips one bit of the byte at this offset, if it is within the bytes. */
function corrupted(piece: Buffer, at: number): Buffer {
  if (at < 0 || at >= piece.length) return piece;
  const copy = Buffer.from(piece);
  copy[at]! ^= 1;
  return copy;
}
