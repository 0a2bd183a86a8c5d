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
    const uncut = text.replace(CUT, '');
    for (let length = Math.min(this.#decoded.length - 1, uncut.length); length >= SHORTEST_BEGINNING; length--) {
      if (!uncut.endsWith(this.#decoded.slice(0, length))) continue;
      yield [uncut.length - length, uncut.length];
      return;
    }
  }
}

const isWord = (character: string | undefined): boolean =>
  character !== undefined && /[0-9A-Za-z\x80-\xff]/.test(character);

interface Decoded {
  /** One character for each byte of UTF-8. */
  readonly text: string;
  /** The offset of each byte in the original, and the length of that; undefined if the text is the original. */
  readonly starts?: ArrayLike<number>;
}

type Moved = Required<Decoded>;

/** Nearly all texts have none of them. */
const ENCODED = /[%&+\\\x80-\uffff]/;

/** Escapes come first or last: a URL may be in a document, and a part of a document in a URL. */
function decode(original: string): Decoded {
  if (!ENCODED.test(original)) return { text: original };
  const escaped = unescaped(bytesOf(original));
  const { text, starts } = unmangledText(escaped.text);
  return unescaped({ text, starts: Array.from(starts, (start) => escaped.starts[start]!) });
}

function bytesOf(original: string): Moved {
  const bytes: string[] = [];
  const starts: number[] = [];
  let at = 0;
  for (const character of original) {
    append(bytes, starts, character, at);
    at += character.length;
  }
  return { text: bytes.join(''), starts: [...starts, at] };
}

/**
 * JSON (RFC 8259, section 7), XML (XML 1.0, sections 4.1 and 4.6), and `+` for a space. Several backslashes count as one, and those
 * before a quotation mark or a slash as none, because programs double them.
 */
const ESCAPE =
  /\\+u(d[89ab][0-9a-f]{2})\\+u(d[c-f][0-9a-f]{2})|\\+u([0-9a-f]{4})|(\\+)(["/])?|&(amp|lt|gt|quot|apos);|&#(\d{1,7});|&#x([0-9a-f]{1,6});|\+/gi;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped({ text, starts: origins }: Moved): Moved {
  const bytes: string[] = [];
  const starts: number[] = [];
  let at = 0;
  const copyTo = (end: number): void => {
    for (; at < end; at++) {
      bytes.push(text[at]!);
      starts.push(origins[at]!);
    }
  };
  for (const match of text.matchAll(ESCAPE)) {
    copyTo(match.index);
    append(bytes, starts, meaningOf(match), origins[at]!);
    at += match[0].length;
  }
  copyTo(text.length);
  return { text: bytes.join(''), starts: [...starts, origins[at]!] };
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

function append(bytes: string[], starts: number[], text: string, start: number): void {
  for (const byte of Buffer.from(text).toString('latin1')) {
    bytes.push(byte);
    starts.push(start);
  }
}
