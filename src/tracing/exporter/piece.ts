/** A batch, or a part of one where the collector takes less at once: a row of whole `ScopeSpans.spans` fields. */

export interface Piece {
  readonly spans: number;
  readonly bytes: Uint8Array;
}

/** Cut between two spans, nearest to the middle by count. @param piece of at least two spans. */
export function halves({ spans, bytes }: Piece): [Piece, Piece] {
  const first = spans >> 1;
  let at = 0;
  for (let i = 0; i < first; i++) at = endOfField(bytes, at);
  return [
    { spans: first, bytes: bytes.subarray(0, at) },
    { spans: spans - first, bytes: bytes.subarray(at) },
  ];
}

/** @param at where a length-delimited field with a tag of one byte begins. */
function endOfField(bytes: Uint8Array, at: number): number {
  let length = 0;
  let next = at + 1;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++]!;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return next + length;
  }
}
