/**
 * Common attributes of the spans of one name. They have the same keys in the same order, and mostly the same values. Such attributes
 * are compared and copied, in runs, not encoded again. The pattern is learnt from the spans, and learnt anew when these change. A
 * span that does not fit is encoded attribute by attribute.
 */

import type { AttributeEncoder } from '../../export/otlp/attribute-encoder.ts';
import type { EncodedKey } from '../../export/otlp/key-cache.ts';
import type { ByteWriter } from '../../kit/byte-writer.ts';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import type { AttributeList } from './attribute-list.ts';

/** Marks a value that changes from span to span. */
const VARIES = Symbol('varies');
/** Number of misfits in a row after which a pattern is dropped. */
const MOST_MISFITS = 8;
const MOST_ATTRIBUTES = 64;

export class AttributePattern {
  readonly #encoder: AttributeEncoder;
  readonly #tag: number;
  #names: readonly string[] = [];
  #keys: readonly EncodedKey[] = [];
  /** The value that every span had so far, or `VARIES`. */
  #values: unknown[] = [];
  /** The bytes of the row of unvarying attributes that ends here; undefined where none ends. */
  #runs: (Uint8Array | undefined)[] = [];
  #misfits = MOST_MISFITS;

  /** @param tag of the repeated KeyValue in its message. */
  constructor(encoder: AttributeEncoder, tag: number) {
    this.#encoder = encoder;
    this.#tag = tag;
  }

  /** @returns whether they fit; if not, nothing is written. @throws TooLarge */
  encode(out: ByteWriter, attributes: AttributeList): boolean {
    const before = out.length;
    if (this.#encode(out, attributes)) {
      this.#misfits = 0;
      return true;
    }
    out.length = before;
    if (++this.#misfits <= MOST_MISFITS) return false;
    this.#misfits = 0;
    this.#learn(attributes);
    return false;
  }

  #encode(out: ByteWriter, { initial, notes, noted, limits }: AttributeList): boolean {
    let at = 0;
    for (const key in initial) {
      const value = initial[key];
      if (value !== undefined && !this.#attribute(out, at++, key, value, limits.valueLength)) return false;
    }
    for (let i = 0; i < noted; i += 2) {
      if (!this.#attribute(out, at++, notes![i] as string, notes![i + 1], limits.valueLength)) return false;
    }
    return at === this.#keys.length && at > 0;
  }

  #attribute(out: ByteWriter, at: number, name: string, value: unknown, longest: number): boolean {
    if (this.#names[at] !== name) return false;
    const known = this.#values[at];
    if (known === value) {
      const run = this.#runs[at];
      if (run !== undefined) out.append(run);
      return true;
    }
    if (!isSimple(value, longest)) return false;
    if (known !== VARIES) this.#vary(out, at);
    this.#encoder.write(out, this.#tag, this.#keys[at]!, value);
    return true;
  }

  /** Its value has changed, which ends the run: the part of the run before it is written here. */
  #vary(out: ByteWriter, at: number): void {
    let from = at;
    while (from > 0 && this.#values[from - 1] !== VARIES) from--;
    for (let i = from; i < at; i++) this.#encoder.write(out, this.#tag, this.#keys[i]!, this.#values[i]);
    this.#values[at] = VARIES;
    this.#findRuns();
  }

  #learn({ initial, notes, noted, limits }: AttributeList): void {
    const values = new Map<string, unknown>();
    let count = 0;
    const take = (name: string, value: unknown): void => {
      if (value === undefined) return;
      if (isSimple(value, limits.valueLength) && name !== '') values.set(name, value);
      count++;
    };
    for (const name in initial) take(name, initial[name]);
    for (let i = 0; i < noted; i += 2) take(notes![i] as string, notes![i + 1]);
    // A key twice, or a value that is not simple: attribute by attribute.
    if (values.size < count || count > Math.min(MOST_ATTRIBUTES, limits.attributes)) return;
    this.#names = [...values.keys()];
    this.#keys = this.#names.map((name) => this.#encoder.key(name));
    this.#values = [...values.values()];
    this.#findRuns();
  }

  #findRuns(): void {
    const { length } = this.#keys;
    this.#runs = new Array<undefined>(length).fill(undefined);
    let from = 0;
    for (let i = 0; i <= length; i++) {
      if (i < length && this.#values[i] !== VARIES) continue;
      if (i > from) this.#runs[i - 1] = this.#bytesOf(from, i);
      from = i + 1;
    }
  }

  #bytesOf(from: number, to: number): Uint8Array {
    return this.#encoder.bytes(
      this.#tag,
      this.#keys.slice(from, to).map((key, i) => [key, this.#values[from + i]] as const),
    );
  }
}

/** Needs neither truncation nor a copy, and is not left out. */
function isSimple(value: unknown, longest: number): boolean {
  if (typeof value === 'string') return value.length <= longest && withoutCredentials(value) === value;
  return typeof value === 'number' || typeof value === 'boolean';
}
