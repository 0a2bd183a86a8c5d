/** The interface of recorders: ours, and that of another tracer provider. */
import type { Attributes, RawHeaders, SamplingHints } from '../domain/span.ts';
import type { Propagated } from './propagation/propagator.ts';
import type { SpanContext } from './propagation/span-context.ts';
import type { RequestSpan } from './span-names.ts';

/** `Others` are the values of a request that go on to the next services with its span. */
export interface RequestRecorder<Others> {
  /** Reads the trace context of a request. */
  extract(headers: RawHeaders): Propagated<Others>;
  /** Opens the SERVER span of a request. */
  open(parent: Propagated<Others>, options: RequestOptions): RequestSpan;
}

export interface RequestOptions {
  /** They never change from then on. */
  readonly attributes?: Attributes | undefined;
  /** A span of another trace that has led to this request. */
  readonly link?: SpanContext | undefined;
  readonly hints?: SamplingHints | undefined;
  /** As `performance.now()`; now unless given. */
  readonly startedAt?: number | undefined;
}
