/**
 * The attributes of a span. While the request runs they are only noted. Duplicates and limits are resolved when
 * the span is encoded, for many spans in one go. Code that runs once in a request is cold, and costs several times as much as in a
 * loop (docs/decisions/span-recorder.md).
 */
import type { Attributes, AttributeValue } from '../../domain/span.ts';
import type { AttributeVisitor, VisitedAttributes } from '../../export/otlp/attribute-encoder.ts';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import { type SpanLimits, truncate } from './limits.ts';

/** Keys and values. Only code that sets the same attributes again and again reaches it. */
const MOST_NOTES = 1_024;
/** Bits of a number without a sign. */
const MOST_MARKS = 31;

export class AttributeList implements VisitedAttributes {
  /** Not changed by the caller from then on. */
  initial: Attributes | undefined;
  /** Key and value in turn, up to `noted`. */
  notes: (AttributeValue | undefined)[] | undefined;
  noted = 0;
  readonly limits: SpanLimits;

  /** @param initial never changes; several lists may share it. */
  constructor(limits: SpanLimits, initial: Attributes | undefined) {
    this.limits = limits;
    this.initial = initial;
  }

  /** A later value replaces an earlier one; undefined changes nothing. A list belongs to this one from then on. */
  set(key: string, value: AttributeValue | undefined): void {
    if (value === undefined) return;
    // As long as most spans need: an array that grows takes twice of it.
    const _ = undefined;
    const notes = (this.notes ??= [_, _, _, _, _, _, _, _, _, _, _, _]);
    notes[this.noted++] = key;
    notes[this.noted++] = value;
    if (this.noted >= MOST_NOTES) this.#settle();
  }

  /** The value that was set last, without regard to limits. */
  get(key: string): AttributeValue | undefined {
    const notes = this.notes ?? [];
    for (let i = this.noted - 2; i >= 0; i -= 2) {
      if (notes[i] === key) return notes[i + 1];
    }
    return this.initial?.[key];
  }

  /** About how many bytes it takes. */
  get bytes(): number {
    let bytes = 0;
    for (const key in this.initial) bytes += bytesOf(this.initial[key]);
    for (let i = 1; i < this.noted; i += 2) bytes += bytesOf(this.notes![i]);
    return bytes;
  }

  /**
   * Visits each key once, initial ones first. Truncations are reported to the limits, so call it once, when the span is encoded.
   * @returns the number of attributes beyond the limit.
   */
  visit(visitor: AttributeVisitor): number {
    if (this.noted > 2 * MOST_MARKS) this.#settle();
    const limits = this.limits;
    const most = limits.attributes;
    const initial = this.initial;
    const notes = this.notes;
    const noted = this.noted;
    const settled = noted > 2 * MOST_MARKS;
    /** Notes whose key was visited already, a bit for each. */
    let visited = 0;
    let count = 0;
    for (const key in initial) {
      let value = initial[key];
      for (let i = 0; i < noted; i += 2) {
        if (notes![i] !== key) continue;
        value = notes![i + 1];
        visited |= 1 << (i >> 1);
      }
      const kept = keptValue(value, limits);
      if (kept !== undefined && key !== '' && ++count <= most) visitor.attribute(key, kept);
    }
    for (let i = 0; i < noted; i += 2) {
      const key = notes![i] as string;
      let value = notes![i + 1];
      if (!settled) {
        if ((visited & (1 << (i >> 1))) !== 0) continue;
        for (let j = i + 2; j < noted; j += 2) {
          if (notes![j] !== key) continue;
          value = notes![j + 1];
          visited |= 1 << (j >> 1);
        }
      }
      const kept = keptValue(value, limits);
      if (kept !== undefined && key !== '' && ++count <= most) visitor.attribute(key, kept);
    }
    for (let i = most; i < count; i++) limits.truncated('attribute');
    return Math.max(0, count - most);
  }

  /** Forgets all but what counts: then there is nothing initial, and no key twice. */
  #settle(): void {
    const last = new Map<string, AttributeValue | undefined>(
      Object.entries(this.initial ?? {}).filter(([, value]) => value !== undefined),
    );
    for (let i = 0; i < this.noted; i += 2) last.set(this.notes![i] as string, this.notes![i + 1]);
    this.initial = undefined;
    this.notes = [...last].flat();
    this.noted = this.notes.length;
  }
}

/** Of an attribute without its text: as measured, rounded up. */
const ATTRIBUTE_BYTES = 24;

function bytesOf(value: unknown): number {
  return ATTRIBUTE_BYTES + (typeof value === 'string' ? value.length : 0);
}

/** Undefined stays undefined. */
function keptValue(value: AttributeValue | undefined, limits: SpanLimits): AttributeValue | undefined {
  if (typeof value === 'string') return shortened(value, limits);
  if (typeof value !== 'object') return value;
  return value.slice(0, limits.attributes).map((text) => shortened(text, limits));
}

function shortened(value: string, limits: SpanLimits): string {
  const text = withoutCredentials(value);
  if (text.length <= limits.valueLength) return text;
  limits.truncated('value');
  return truncate(text, limits.valueLength);
}
