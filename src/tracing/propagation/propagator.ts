/** What propagators read from the headers of a request, and write into those of the next. */
import type { RawHeaders } from '../../domain/span.ts';
import type { CallerContext, SpanContext } from './span-context.ts';

/** The trace context of a request. `Others` are its other values that go on to the next services. */
export interface Propagated<Others = Carried> {
  readonly caller: CallerContext | undefined;
  readonly others: Others | undefined;
}

export const NOTHING: Propagated<never> = { caller: undefined, others: undefined };

/** Values for the next services, whatever span is the parent there. */
export interface Carried {
  readonly baggage?: Baggage | undefined;
  /** Value of the debug flag of B3 in the form in which it was received: `d` in one header, `1` in several. */
  readonly b3Debug?: string | undefined;
}

/** Entries of W3C Baggage by key. */
export type Baggage = ReadonlyMap<string, BaggageEntry>;

export interface BaggageEntry {
  /** Decoded. */
  readonly value: string;
  /** Properties, as they were received. */
  readonly metadata: string | undefined;
}

export interface Propagator {
  /** @param found by the propagators before this one. @returns the same object if the headers have nothing for this one. */
  extract(headers: RawHeaders, found: Propagated): Propagated;
  /** @returns the headers that carry a span to the next service: name, value, name, value. */
  inject(span: SpanContext, carried: Carried | undefined): readonly string[];
}
