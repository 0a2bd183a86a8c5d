/** Text for parsers, from a seed: their own pieces, bytes of no meaning, repetitions and cuts. */
import type { Parser } from './parsers/parser.ts';

export type Random = () => number;

export const below = (random: Random, most: number): number => Math.floor(random() * most);
export const oneOf = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T;

/** Pieces that mean something to most parsers. */
const COMMON = [
  '',
  ' ',
  '\t',
  '\r\n',
  '\r',
  '\n',
  '\0',
  '\x7f',
  '\xff',
  '\xc3\xa9',
  '"',
  '\\',
  '%',
  '%2',
  '%00',
  '=',
  ';',
  ',',
  ':',
];
const MOST_PIECES = 24;

/** @returns text of a few pieces, most of them the parser's own. */
export function randomText(random: Random, pieces: readonly string[]): string {
  let text = '';
  for (let left = below(random, MOST_PIECES); left > 0; left--) text += randomPiece(random, pieces);
  return random() < 0.2 ? spoiled(random, text) : text;
}

function randomPiece(random: Random, pieces: readonly string[]): string {
  const kind = random();
  if (kind < 0.6) return oneOf(random, pieces);
  if (kind < 0.8) return oneOf(random, COMMON);
  if (kind < 0.9) return oneOf(random, pieces).repeat(below(random, 40));
  return String.fromCharCode(below(random, 256));
}

/** One byte changed, added or left out, or the end cut off. */
function spoiled(random: Random, text: string): string {
  const at = below(random, text.length + 1);
  const byte = String.fromCharCode(below(random, 256));
  return oneOf(random, [
    text.slice(0, at),
    text.slice(0, at) + text.slice(at + 1),
    text.slice(0, at) + byte + text.slice(at),
    text.slice(0, at) + byte + text.slice(at + 1),
  ]);
}

/** A part of the text, repeated until it has this length, between what stood around it: what a parser reads twice shows then. */
export interface Pumped {
  ofLength(length: number): string;
}

export function pumped(random: Random, parser: Parser): Pumped {
  const frame = oneOf(random, parser.frames);
  const text = randomText(random, parser.pieces) || oneOf(random, parser.pieces);
  const from = below(random, text.length);
  const to = from + 1 + below(random, Math.min(16, text.length - from));
  const [before, part, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  return {
    ofLength: (length) => frame(before + part.repeat(Math.ceil(length / part.length)).slice(0, length) + after),
  };
}
