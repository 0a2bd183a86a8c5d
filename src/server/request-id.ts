/** The gateway's own ids of requests. Randomness is drawn in chunks, which one call turns into many ids. */
import { randomBytes } from 'node:crypto';

/** Characters of an id. */
const DIGITS = 16;
/** Ids of one chunk. Few: an id that is kept for longer than its request keeps the text of its chunk in memory. */
const IDS = 32;

let chunk = '';

/** 16 upper-case hex digits, like the request IDs of S3. */
export function newRequestId(): string {
  if (chunk === '')
    chunk = randomBytes((IDS * DIGITS) / 2)
      .toString('hex')
      .toUpperCase();
  const id = chunk.slice(-DIGITS);
  chunk = chunk.slice(0, -DIGITS);
  return id;
}
