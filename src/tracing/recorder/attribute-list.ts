/** The attributes of a span, an event or a link: at most so many, in the order in which they were first set. */
import type { Attributes } from '@opentelemetry/api';
import { type SpanLimits, truncate } from './limits.ts';

export class AttributeList {
  readonly keys: string[] = [];
  /** Beside `keys`; of the kinds that OTLP's AnyValue knows, within the limits. */
  readonly values: unknown[] = [];
  /** How many found no room. */
  dropped = 0;
  readonly #limits: SpanLimits;
  readonly #most: number;

  /** @param most how many it may hold. */
  constructor(limits: SpanLimits, most: number = limits.attributes) {
    this.#limits = limits;
    this.#most = most;
  }

  /** A later value replaces an earlier one; undefined and what is no attribute value changes nothing. */
  set(key: string, value: unknown): void {
    const at = this.keys.indexOf(key);
    if (at < 0) {
      this.#append(key, value);
      return;
    }
    const kept = keptValue(value, this.#limits);
    if (kept !== undefined) this.values[at] = kept;
  }

  /** Adds to an empty list. */
  fill(attributes: Attributes | undefined): void {
    for (const key in attributes) this.#append(key, attributes[key]);
  }

  #append(key: string, value: unknown): void {
    const kept = keptValue(value, this.#limits);
    if (kept === undefined || key === '') return;
    if (this.keys.length >= this.#most) {
      this.dropped++;
      this.#limits.truncated('attribute');
      return;
    }
    this.keys.push(key);
    this.values.push(kept);
  }
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
