/**
 * The attributes of a span, an event or a link. While the request runs they are only noted; what they come to, which of two values
 * counts, what is too long or too many, is resolved when the span is encoded, for many spans in one go: code that runs once in a
 * request is cold, and costs several times what it costs in a loop (docs/decisions/span-recorder.md).
 */
import type { Attributes } from '@opentelemetry/api';
import { type SpanLimits, truncate } from './limits.ts';

/** Where attributes are resolved into, again and again: so many arrays for each request would be as much as all the rest. */
export class ResolvedAttributes {
  /** In the order in which they were first set. */
  readonly keys: string[] = [];
  /** Beside `keys`; of the kinds that OTLP's AnyValue knows, within the limits. */
  readonly values: unknown[] = [];
  /** How many of both there are; what stands behind is of before. */
  count = 0;
  /** How many found no room. */
  dropped = 0;
  #most = 0;

  /** Makes room for the next ones. @param most how many there may be. */
  begin(most: number): void {
    this.count = 0;
    this.dropped = 0;
    this.#most = most;
  }

  /** A later value replaces an earlier one; undefined and what is no attribute value changes nothing. */
  set(key: string, value: unknown, limits: SpanLimits): void {
    for (let at = 0; at < this.count; at++) {
      if (this.keys[at] !== key) continue;
      const kept = keptValue(value, limits);
      if (kept !== undefined) this.values[at] = kept;
      return;
    }
    this.append(key, value, limits);
  }

  /** Of a key that has not been set. */
  append(key: string, value: unknown, limits: SpanLimits): void {
    const kept = keptValue(value, limits);
    if (kept === undefined || key === '') return;
    if (this.count >= this.#most) {
      this.dropped++;
      limits.truncated('attribute');
      return;
    }
    this.keys[this.count] = key;
    this.values[this.count++] = kept;
  }
}

/** Nobody sets so many: only who sets the same ones again and again. Keys and values. */
const MOST_NOTES = 1_024;

export class AttributeList {
  /** Not changed by whoever gave them, from then on. */
  #initial: Attributes | undefined;
  /** Key and value in turn, up to `#noted`. */
  #notes: unknown[] | undefined;
  #noted = 0;
  readonly #limits: SpanLimits;
  readonly #most: number;

  /** @param most how many it may hold. @param initial belongs to the list from then on. */
  constructor(limits: SpanLimits, initial: Attributes | undefined, most: number = limits.attributes) {
    this.#limits = limits;
    this.#initial = initial;
    this.#most = most;
  }

  /** A later value replaces an earlier one; undefined and what is no attribute value changes nothing. */
  set(key: string, value: unknown): void {
    // As long as most spans need: an array that grows takes twice of it.
    const _ = undefined;
    const notes = (this.#notes ??= [_, _, _, _, _, _, _, _, _, _, _, _]);
    notes[this.#noted++] = key;
    notes[this.#noted++] = typeof value === 'object' ? copyOf(value, this.#limits, this.#limits.depth) : value;
    if (this.#noted >= MOST_NOTES) this.#settle();
  }

  /** The value that was set last, without regard to limits. */
  get(key: string): unknown {
    const notes = this.#notes ?? [];
    for (let i = this.#noted - 2; i >= 0; i -= 2) {
      if (notes[i] === key && notes[i + 1] !== undefined) return notes[i + 1];
    }
    return this.#initial?.[key];
  }

  /** About how many bytes it takes. */
  get bytes(): number {
    let bytes = 0;
    for (const key in this.#initial) bytes += bytesOf(this.#initial[key]);
    for (let i = 1; i < this.#noted; i += 2) bytes += bytesOf(this.#notes![i]);
    return bytes;
  }

  /** What it all comes to. Truncations are told to the limits: to be asked once, when it is encoded. */
  resolve(into: ResolvedAttributes): void {
    const limits = this.#limits;
    into.begin(this.#most);
    const initial = this.#initial;
    for (const key in initial) into.append(key, initial[key], limits);
    for (let i = 0; i < this.#noted; i += 2) into.set(this.#notes![i] as string, this.#notes![i + 1], limits);
  }

  /** Keeps what counts and forgets the rest. */
  #settle(): void {
    const resolved = new ResolvedAttributes();
    this.resolve(resolved);
    this.#initial = undefined;
    this.#noted = 2 * resolved.count;
    this.#notes = resolved.keys.slice(0, resolved.count).flatMap((key, i) => [key, resolved.values[i]]);
  }
}

/** Of an attribute without its text: as measured, rounded up. */
const ATTRIBUTE_BYTES = 24;

function bytesOf(value: unknown): number {
  return ATTRIBUTE_BYTES + (typeof value === 'string' ? value.length : 0);
}

function keptValue(value: unknown, limits: SpanLimits): unknown {
  if (typeof value === 'string') return value.length > limits.valueLength ? cut(value, limits) : value;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'object' ? copyOf(value, limits, limits.depth) : undefined;
}

function cut(text: string, limits: SpanLimits): string {
  limits.truncated('value');
  return truncate(text, limits.valueLength);
}

/** A copy that the caller cannot change any more. Null stands for an empty value. */
function copyOf(value: object | null, limits: SpanLimits, depth: number): unknown {
  if (value === null || depth === 0) return null;
  if (value instanceof Uint8Array) {
    if (value.length > limits.valueLength) limits.truncated('value');
    return value.slice(0, limits.valueLength);
  }
  const inner = (item: unknown): unknown =>
    typeof item === 'object' ? copyOf(item, limits, depth - 1) : (keptValue(item, limits) ?? null);
  if (Array.isArray(value)) return value.slice(0, limits.attributes).map(inner);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).slice(0, limits.attributes)) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) copy[key] = inner(item);
  }
  return copy;
}
