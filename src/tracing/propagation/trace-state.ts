/** The `tracestate` header: what other tracing systems want carried along (W3C Trace Context level 2, section 3.3). */
import { withoutOuterBlanks } from '../../kit/outer-blanks.ts';

/** Section 3.3.1.3.1: a lower-case letter or a digit, then up to 255 of the characters that a key may have. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
/** Section 3.3.1.3.2: up to 256 printable characters without `,` and `=`, the last one not a space. */
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_MEMBERS = 32;
/** Section 3.3.1.5: this much should be carried; more would let a caller blow up every span and every request below. */
const MAX_LENGTH = 512;
/** The same section: longer members are removed first when the list is too long. */
const LONG_MEMBER = 128;

export class TraceState {
  readonly #members: ReadonlyMap<string, string>;
  #text: string | undefined;

  private constructor(members: ReadonlyMap<string, string>) {
    this.#members = members;
  }

  static readonly empty = new TraceState(new Map());

  /**
   * Reads a header; several are joined with commas before. All or nothing: one bad member, or a 33rd, discards the whole.
   * Of members with the same key the first, which is the newest, stays.
   */
  static parse(header: string): TraceState | undefined {
    const members = new Map<string, string>();
    let count = 0;
    for (const part of header.split(',')) {
      const member = withoutOuterBlanks(part);
      if (member === '') continue;
      const equals = member.indexOf('=');
      const key = member.slice(0, equals);
      const value = member.slice(equals + 1);
      if (equals < 1 || !KEY.test(key) || !VALUE.test(value) || ++count > MAX_MEMBERS) return undefined;
      if (!members.has(key)) members.set(key, value);
    }
    return members.size === 0 ? undefined : new TraceState(withinLength(members));
  }

  get(key: string): string | undefined {
    return this.#members.get(key);
  }

  /** A changed member moves to the front; the last one makes room. An invalid member changes nothing. */
  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    const members = new Map([[key, value]]);
    for (const [other, its] of this.#members) {
      if (other !== key && members.size < MAX_MEMBERS) members.set(other, its);
    }
    return new TraceState(members);
  }

  unset(key: string): TraceState {
    if (!this.#members.has(key)) return this;
    const members = new Map(this.#members);
    members.delete(key);
    return new TraceState(members);
  }

  /** The header's value; empty without members. */
  serialize(): string {
    this.#text ??= Array.from(this.#members, ([key, value]) => `${key}=${value}`).join(',');
    return this.#text;
  }
}

/** Drops whole members, long ones first and then from the end, until the list is short enough. */
function withinLength(members: Map<string, string>): Map<string, string> {
  const lengthOf = ([key, value]: [string, string]): number => key.length + value.length + 1;
  const all = [...members];
  let length = all.reduce((sum, member) => sum + lengthOf(member) + 1, -1);
  if (length <= MAX_LENGTH) return members;
  const last = all.reverse();
  for (const member of [...last.filter((one) => lengthOf(one) > LONG_MEMBER), ...last]) {
    if (length <= MAX_LENGTH) break;
    if (members.delete(member[0])) length -= lengthOf(member) + 1;
  }
  return members;
}
