/**
 * Common attributes of the spans of one name. They have the same keys in the same order, and mostly the same values. Such attributes
 * are compared and copied, in runs, not encoded again. The pattern is learnt from the spans, and learnt anew when these change. A
 * span that does not fit is encoded attribute by attribute.
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

/** One attribute of the pattern. */
interface Slot {
  readonly name: string;
  readonly key: EncodedKey;
  /** The value that every span had so far, unless it varies. */
  readonly value: unknown;
  varies: boolean;
  /** The bytes of the row of unvarying attributes that ends here; undefined where none ends. */
  run: Uint8Array | undefined;
}

export class AttributePattern {
  readonly #encoder: AttributeEncoder;
  readonly #tag: number;
  #slots: readonly Slot[] = [];
  /** Initial attributes that fit and of which none varies, and their number. Many spans have the same object: it is not compared again. */
  #shared: Attributes | undefined;
  #sharedSlots = 0;
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
    const slots = this.#slots;
    const longest = limits.valueLength;
    let at = 0;
    if (initial !== undefined && initial === this.#shared) {
      at = this.#sharedSlots;
      const { run } = slots[at - 1]!;
      if (run !== undefined) out.append(run);
    } else {
      for (const name in initial) {
        const value = initial[name];
        if (value !== undefined && !this.#attribute(out, slots[at++], name, value, longest)) return false;
      }
      if (at > 0) this.#share(initial, at);
    }
    for (let i = 0; i < noted; i += 2) {
      if (!this.#attribute(out, slots[at++], notes![i] as string, notes![i + 1], longest)) return false;
    }
    return at === slots.length && at > 0;
  }

  #attribute(out: ByteWriter, slot: Slot | undefined, name: string, value: unknown, longest: number): boolean {
    if (slot === undefined || slot.name !== name) return false;
    if (!slot.varies && slot.value === value) {
      if (slot.run !== undefined) out.append(slot.run);
      return true;
    }
    if (!isSimple(value, longest)) return false;
    if (!slot.varies) this.#vary(out, slot);
    this.#encoder.write(out, this.#tag, slot.key, value);
    return true;
  }

  #share(initial: Attributes | undefined, slots: number): void {
    for (let i = 0; i < slots; i++) if (this.#slots[i]!.varies) return;
    this.#shared = initial;
    this.#sharedSlots = slots;
  }

  /** Its value has changed, which ends the run: the part of the run before it is written here. */
  #vary(out: ByteWriter, slot: Slot): void {
    const slots = this.#slots;
    const at = slots.indexOf(slot);
    let from = at;
    while (from > 0 && !slots[from - 1]!.varies) from--;
    for (const { key, value } of slots.slice(from, at)) this.#encoder.write(out, this.#tag, key, value);
    slot.varies = true;
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
    this.#slots = [...values].map(([name, value]) => ({
      name,
      key: this.#encoder.key(name),
      value,
      varies: false,
      run: undefined,
    }));
    this.#findRuns();
  }

  #findRuns(): void {
    const slots = this.#slots;
    this.#shared = undefined;
    let from = 0;
    for (const [i, slot] of slots.entries()) {
      slot.run = undefined;
      if (slot.varies) from = i + 1;
      else if (slots[i + 1]?.varies !== false) slot.run = this.#bytesOf(slots.slice(from, i + 1));
    }
  }

  #bytesOf(slots: readonly Slot[]): Uint8Array {
    return this.#encoder.bytes(
      this.#tag,
      slots.map(({ key, value }) => [key, value] as const),
    );
  }
}

/** Needs neither truncation nor a copy, and is not left out. */
function isSimple(value: unknown, longest: number): boolean {
  if (typeof value === 'string') return value.length <= longest && withoutCredentials(value) === value;
  return typeof value === 'number' || typeof value === 'boolean';
}
