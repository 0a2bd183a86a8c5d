/** Text of others on a terminal: control characters are escaped, so that a key cannot send commands to the terminal. */

/** Control, format, unassigned and private characters, lone surrogates, line and paragraph separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60]/u;
const COMBINING = /\p{M}/u;

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

/** The document as JSON, with escapes for the same characters: `JSON.stringify` leaves those of C1 as they are. */
export function printableJson(document: object): string {
  return JSON.stringify(document).replace(UNPRINTABLE, escapedForJson);
}

function escapedForJson(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** Columns of printable text in a terminal. */
export function columns(text: string): number {
  let sum = 0;
  for (const character of text) sum += widthOf(character);
  return sum;
}

const widthOf = (character: string): number => (COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** Printable text with exactly this width: filled with blanks, or shortened. @param keep the part that a shortened text has. */
export function fit(
  text: string,
  width: number,
  align: 'left' | 'right' = 'left',
  keep: 'start' | 'end' = 'start',
): string {
  const safe = printable(text);
  const short = columns(safe) <= width ? safe : shortened(safe, width, keep);
  const blanks = ' '.repeat(width - columns(short));
  return align === 'left' ? short + blanks : blanks + short;
}

/** Printable text with at most this width. */
export function cut(text: string, width: number): string {
  const safe = printable(text).trimEnd();
  return columns(safe) <= width ? safe : shortened(safe, width, 'start');
}

function shortened(text: string, width: number, keep: 'start' | 'end'): string {
  const characters = keep === 'start' ? [...text] : [...text].reverse();
  const kept: string[] = [];
  let left = width - 1;
  for (const character of characters) {
    left -= widthOf(character);
    if (left < 0) break;
    kept.push(character);
  }
  return keep === 'start' ? `${kept.join('')}…` : `…${kept.reverse().join('')}`;
}
