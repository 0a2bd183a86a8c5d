/** A batch, or a part of one where the collector limits the size of a request: a sequence of whole fields. */

export interface BatchSlice {
  readonly items: number;
  readonly bytes: Uint8Array;
}

/** Split between two items, nearest to the middle by count. @param slice of at least two items. */
export function halves({ items, bytes }: BatchSlice): [BatchSlice, BatchSlice] {
  const first = items >> 1;
  let at = 0;
  for (let i = 0; i < first; i++) at = endOfField(bytes, at);
  return [
    { items: first, bytes: bytes.subarray(0, at) },
    { items: items - first, bytes: bytes.subarray(at) },
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
