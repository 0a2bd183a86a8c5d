/**
 * Finds an object key in a text, in every spelling that programs use in messages and URLs: raw, percent-encoded to any depth,
 * escaped for JSON or for XML. The text and the key are both decoded and then compared, so that mixed spellings match as well.
 */
import { unmangledText } from '../kit/unmangled-text.ts';
import { withoutCredentials } from '../kit/without-credentials.ts';

type Range = readonly [start: number, end: number];

/** A shorter key is also a part of ordinary words: it is found only between characters that are not letters or digits. */
const SHORTEST_PART = 4;
/** A text may end in the middle of the key, because it was truncated. Fewer characters do not count as its beginning. */
const SHORTEST_BEGINNING = 8;
/** What may follow a beginning: a sign of truncation (`…` in UTF-8), or a part of an encoded character. */
const CUT = /(?:\xe2\x80\xa6|\.\.\.|%[0-9a-f]?|\\u?[0-9a-f]{0,3}|&#?\w{0,6})$/i;

/** The key, and the form that it has where credentials in it are redacted. */
export function keyTexts(key: string): KeyText[] {
  return [...new Set([key, withoutCredentials(key)])].map((text) => new KeyText(text));
}

export class KeyText {
  /** Decoded; one character for each byte. */
  readonly #decoded: string;

  /** @param key that is not empty. */
  constructor(key: string) {
    const { text } = decode(key);
    // A backslash at the end may be dropped in a text, because of the character after it.
    this.#decoded = text.replace(/(?<=[^\\])\\+$/, '');
  }

  /** @returns the text with `shown` in the places of the key. */
  replaceIn(text: string, shown: string): string {
    const { text: decoded, starts } = decode(text);
    const ranges = [...this.#occurrences(decoded), ...this.#beginning(decoded)];
    let replaced = '';
    let at = 0;
    for (const [first, last] of ranges) {
      const [start, end] = [starts?.[first] ?? first, starts?.[last] ?? last];
      if (start >= at) replaced += text.slice(at, start) + shown;
      at = end;
    }
    return replaced + text.slice(at);
  }

  *#occurrences(text: string): Generator<Range> {
    const { length } = this.#decoded;
    for (let at = text.indexOf(this.#decoded); at >= 0; at = text.indexOf(this.#decoded, at)) {
      const end = at + length;
      const counts = length >= SHORTEST_PART || !(isWord(text[at - 1]) || isWord(text[end]));
      if (counts) yield [at, end];
      at = counts ? end : at + 1;
    }
  }

  /** The longest beginning of the key with which the text ends. */
  *#beginning(text: string): Generator<Range> {
    if (this.#decoded.length <= SHORTEST_BEGINNING) return;
    const uncut = text.replace(CUT, '');
    const length = overlap(uncut, this.#decoded);
    if (length >= SHORTEST_BEGINNING) yield [uncut.length - length, uncut.length];
  }
}

/** @returns the length of the longest proper prefix of the key with which the text ends, in linear time (Knuth, Morris, Pratt). */
function overlap(text: string, key: string): number {
  const shorter = new Uint32Array(key.length);
  const next = (matched: number, character: string): number => {
    let length = matched;
    while (length > 0 && key[length] !== character) length = shorter[length - 1]!;
    return key[length] === character ? length + 1 : length;
  };
  for (let i = 1; i < key.length; i++) shorter[i] = next(shorter[i - 1]!, key[i]!);
  let matched = 0;
  for (const character of text.slice(1 - key.length)) matched = next(matched, character);
  return matched;
}

const isWord = (character: string | undefined): boolean =>
  character !== undefined && /[0-9A-Za-z\x80-\xff]/.test(character);

interface Decoded {
  /** One character for each byte of UTF-8. */
  readonly text: string;
  /** The offset of each byte in the original, and the length of that; undefined if the text is the original. */
  readonly starts?: ArrayLike<number>;
}

/** Nearly all texts have none of them. */
const ENCODED = /[%&+\\\x80-\uffff]/;

/** Escapes come first or last: a URL may be in a document, and a part of a document in a URL. */
function decode(original: string): Decoded {
  if (!ENCODED.test(original)) return { text: original };
  const escaped = unescaped(bytesOf(original));
  const { text, starts } = unmangledText(escaped.text);
  return unescaped({ text, starts: starts.map((start) => originOf(escaped, start)) });
}

const originOf = ({ starts }: Decoded, at: number): number => starts?.[at] ?? at;

function bytesOf(original: string): Decoded {
  const bytes = Buffer.from(original);
  if (bytes.length === original.length) return { text: original };
  const starts = new Uint32Array(bytes.length + 1);
  let at = 0;
  let length = 0;
  for (const character of original) {
    const first = length;
    length += bytesIn(character.codePointAt(0)!);
    starts.fill(at, first, length);
    at += character.length;
  }
  starts[length] = at;
  return { text: bytes.toString('latin1'), starts };
}

/** In UTF-8. */
const bytesIn = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);

/**
 * JSON (RFC 8259, section 7), XML (XML 1.0, sections 4.1 and 4.6), and `+` for a space. Several backslashes count as one, and those
 * before a quotation mark or a slash as none, because programs double them.
 */
const ESCAPE =
  /\\+u(d[89ab][0-9a-f]{2})\\+u(d[c-f][0-9a-f]{2})|\\+u([0-9a-f]{4})|(\\+)(["/])?|&(amp|lt|gt|quot|apos);|&#(\d{1,7});|&#x([0-9a-f]{1,6});|\+/gi;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** No meaning has more bytes than its escape. */
function unescaped(from: Decoded): Decoded {
  const { text } = from;
  if (text.search(ESCAPE) < 0) return from;
  const bytes = Buffer.allocUnsafe(text.length);
  const starts = new Uint32Array(text.length + 1);
  let at = 0;
  let length = 0;
  const copyTo = (end: number): void => {
    for (; at < end; at++) {
      starts[length] = originOf(from, at);
      bytes[length++] = text.charCodeAt(at);
    }
  };
  for (const match of text.matchAll(ESCAPE)) {
    copyTo(match.index);
    const first = length;
    length += bytes.write(meaningOf(match), first);
    starts.fill(originOf(from, at), first, length);
    at += match[0].length;
  }
  copyTo(text.length);
  starts[length] = originOf(from, at);
  return { text: bytes.toString('latin1', 0, length), starts };
}

function meaningOf([whole, high, low, unit, backslashes, escaped, entity, decimal, hex]: RegExpExecArray): string {
  if (backslashes !== undefined) return escaped ?? '\\';
  if (entity !== undefined) return ENTITIES[entity.toLowerCase()]!;
  if (high !== undefined) return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low!, 16));
  const digits = unit ?? hex;
  if (digits === undefined && decimal === undefined) return ' ';
  const code = digits === undefined ? Number(decimal) : Number.parseInt(digits, 16);
  return code > 0x10ffff ? whole : String.fromCodePoint(code);
}
