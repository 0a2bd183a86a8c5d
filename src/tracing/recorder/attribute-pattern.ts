/**
 * Common attributes of the spans of one name. They have the same keys in the same order, and mostly the same values. Attributes with the
 * same value are compared, and copied in runs; only the others are encoded. The pattern is learnt from the spans, and learnt anew when
 * these change, and now and then: a value that varied once may not vary any more. A span that does not fit is encoded attribute by
 * attribute.
 */

import type { Attributes } from '../../domain/span.ts';
import type { AttributeEncoder } from '../../export/otlp/attribute-encoder.ts';
import type { EncodedKey } from '../../export/otlp/key-cache.ts';
import type { ByteWriter } from '../../kit/byte-writer.ts';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import type { AttributeList } from './attribute-list.ts';

/** Number of misfits in a row after which a pattern is dropped. */
const MOST_MISFITS = 8;
const MOST_ATTRIBUTES = 64;
/** Number of spans that fit after which a pattern is learnt anew. */
const MOST_FITS = 2_048;

/** One attribute of the pattern. */
interface Slot {
  readonly name: string;
  readonly key: EncodedKey;
  /** The value that every span had so far, unless it varies. */
  readonly value: unknown;
  varies: boolean;
  /** Of one that varies: the bytes of the unvarying attributes before it, and its own up to the value. */
  before: Uint8Array;
}

const NOTHING = new Uint8Array();

export class AttributePattern {
  readonly #encoder: AttributeEncoder;
  readonly #tag: number;
  #slots: readonly Slot[] = [];
  /** The bytes of the unvarying attributes after the last one that varies. */
  #rest: Uint8Array = NOTHING;
  /** Whether the bytes are of a time when fewer attributes varied. */
  #isStale = false;
  /** Initial attributes that fit and of which none varies, and their number. Many spans have the same object: it is not compared again. */
  #shared: Attributes | undefined;
  #sharedSlots = 0;
  #misfits = MOST_MISFITS;
  #fits = 0;

  /** @param tag of the repeated KeyValue in its message. */
  constructor(encoder: AttributeEncoder, tag: number) {
    this.#encoder = encoder;
    this.#tag = tag;
  }

  /** @returns whether they fit; if not, nothing is written. @throws TooLarge */
  encode(out: ByteWriter, attributes: AttributeList): boolean {
    if (this.#isStale) this.#encodeRuns();
    const before = out.length;
    const fits = this.#encode(out, attributes);
    if (fits && !this.#isStale) {
      this.#misfits = 0;
      if (++this.#fits >= MOST_FITS) this.#learn(attributes);
      return true;
    }
    out.length = before;
    if (!fits && ++this.#misfits > MOST_MISFITS) this.#learn(attributes);
    return false;
  }

  #encode(out: ByteWriter, { initial, notes, noted, limits }: AttributeList): boolean {
    const slots = this.#slots;
    const longest = limits.valueLength;
    let at = 0;
    if (initial !== undefined && initial === this.#shared) at = this.#sharedSlots;
    else {
      for (const name in initial) {
        const value = initial[name];
        if (value !== undefined && !this.#attribute(out, slots[at++], name, value, longest)) return false;
      }
      if (at > 0) this.#share(initial, at);
    }
    for (let i = 0; i < noted; i += 2) {
      if (!this.#attribute(out, slots[at++], notes![i] as string, notes![i + 1], longest)) return false;
    }
    if (at !== slots.length || at === 0) return false;
    out.append(this.#rest);
    return true;
  }

  #attribute(out: ByteWriter, slot: Slot | undefined, name: string, value: unknown, longest: number): boolean {
    if (slot === undefined || slot.name !== name) return false;
    if (!slot.varies && slot.value === value) return true;
    if (!isSimple(value, longest)) return false;
    if (!slot.varies) {
      // From now on. The bytes before it are not known yet, so the rest of this span is only compared.
      slot.varies = true;
      this.#isStale = true;
      this.#shared = undefined;
    }
    out.append(slot.before);
    if (!this.#isStale) this.#encoder.value(out, slot.key, value);
    return true;
  }

  #share(initial: Attributes | undefined, slots: number): void {
    for (let i = 0; i < slots; i++) if (this.#slots[i]!.varies) return;
    this.#shared = initial;
    this.#sharedSlots = slots;
  }

  #learn({ initial, notes, noted, limits }: AttributeList): void {
    this.#misfits = 0;
    this.#fits = 0;
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
    this.#slots = [...values].map(([name, value]) => ({
      name,
      key: this.#encoder.key(name),
      value,
      varies: false,
      before: NOTHING,
    }));
    this.#encodeRuns();
  }

  #encodeRuns(): void {
    this.#shared = undefined;
    this.#isStale = false;
    let run: (readonly [EncodedKey, unknown])[] = [];
    for (const slot of this.#slots) {
      const { key, value, varies } = slot;
      if (!varies) {
        run.push([key, value]);
        continue;
      }
      slot.before = this.#encoder.before(this.#tag, run, key);
      run = [];
    }
    this.#rest = this.#encoder.before(this.#tag, run);
  }
}

/** Needs neither truncation nor a copy, and is not left out. */
function isSimple(value: unknown, longest: number): boolean {
  if (typeof value === 'string') return value.length <= longest && withoutCredentials(value) === value;
  return typeof value === 'number' || typeof value === 'boolean';
}
