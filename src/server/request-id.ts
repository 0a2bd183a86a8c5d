/** The gateway's own ids of requests. Randomness is drawn in chunks, which one call turns into many ids. */
import { randomBytes } from 'node:crypto';

/** Characters of an id. */
const DIGITS = 16;
/** Characters of a chunk. */
const LENGTH = 32 * DIGITS;

let chunk = Buffer.alloc(0);
let next = 0;

/** 16 upper-case hex digits, like the request IDs of S3. Not a part of a longer text, which V8 writes as JSON in twice the time. */
export function newRequestId(): string {
  if (next === chunk.length) {
    const digits = randomBytes(LENGTH / 2).toString('hex');
    chunk = Buffer.from(digits.toUpperCase());
    next = 0;
  }
  return chunk.toString('latin1', next, (next += DIGITS));
}
