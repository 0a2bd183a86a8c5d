/** The body of a request with its fault in it: a bit that is another, a pace that is slow, and the moment at which something happens. */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultRule } from '../../config/faults.ts';

/** Yields `now` when `after_bytes` have gone, or at the end of a body that has fewer. */
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

/** With one bit of the byte at this place turned over, if the place is in it. */
function corrupted(piece: Buffer, at: number): Buffer {
  if (at < 0 || at >= piece.length) return piece;
  const copy = Buffer.from(piece);
  copy[at]! ^= 1;
  return copy;
}
