/**
 * Decodes text for matching: percent-encoding of any depth and full-width letters become the characters that they represent.
 * One pass with a stack, so the time is linear in the length, at any nesting depth.
 */

const PERCENT = 0x25;
/** The first code unit of full-width ASCII, `！`, and the last, `～` (Unicode, "Halfwidth and Fullwidth Forms"). */
const FIRST_WIDE = 0xff01;
const LAST_WIDE = 0xff5e;

export interface UnmangledText {
  /** One code unit for each decoded character. */
  readonly text: string;
  /** The offset of each character in the original, followed by the length of the original. */
  readonly starts: Uint32Array;
}

export function unmangledText(original: string): UnmangledText {
  const codes = new Uint16Array(original.length);
  const starts = new Uint32Array(original.length + 1);
  let length = 0;
  for (let i = 0; i < original.length; i++) {
    let code = narrow(original.charCodeAt(i));
    let start = i;
    for (;;) {
      const joined = length < 2 ? undefined : join(codes[length - 2]!, codes[length - 1]!, code);
      if (joined === undefined) break;
      length -= 2;
      code = joined;
      start = starts[length]!;
    }
    codes[length] = code;
    starts[length++] = start;
  }
  starts[length] = original.length;
  return { text: textOf(codes.subarray(0, length)), starts: starts.subarray(0, length + 1) };
}

/** Decodes three characters: `%` and two hex digits, or the UTF-8 of a full-width letter. */
function join(first: number, second: number, third: number): number | undefined {
  if (first === PERCENT) {
    const [high, low] = [hexValue(second), hexValue(third)];
    return high < 0 || low < 0 ? undefined : 16 * high + low;
  }
  if (first !== 0xef || (second & 0xfffe) !== 0xbc || (third & 0xffc0) !== 0x80) return undefined;
  const code = 0xf000 | ((second & 0x3f) << 6) | (third & 0x3f);
  const plain = narrow(code);
  return plain === code ? undefined : plain;
}

function narrow(code: number): number {
  return code >= FIRST_WIDE && code <= LAST_WIDE ? code - 0xfee0 : code;
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function textOf(codes: Uint16Array): string {
  return Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength).toString('utf16le');
}
