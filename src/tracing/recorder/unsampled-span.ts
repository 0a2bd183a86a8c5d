/**
 * A span of a trace that is not kept: it carries its context, so that ids reach logs and the next service, and nothing else. It also
 * represents all its children, whose ids are never exported.
 */
import type { Carried, Propagator } from '../propagation/propagator.ts';
import type { SpanContext } from '../propagation/span-context.ts';
import type { RequestSpan } from '../span-names.ts';

export class UnsampledSpan implements RequestSpan {
  readonly #context: SpanContext;
  readonly #propagator: Propagator;
  readonly #carried: Carried | undefined;
  #outgoing: readonly string[] | undefined;

  constructor(propagator: Propagator, context: SpanContext, carried: Carried | undefined) {
    this.#propagator = propagator;
    this.#context = context;
    this.#carried = carried;
  }

  get traceId(): string {
    return this.#context.traceId;
  }

  get spanId(): string {
    return this.#context.spanId;
  }

  get sampled(): boolean {
    return false;
  }

  get recording(): boolean {
    return false;
  }

  get traceFlags(): number {
    return this.#context.traceFlags;
  }

  outgoingHeaders(): readonly string[] {
    this.#outgoing ??= this.#propagator.inject(this.#context, this.#carried);
    return this.#outgoing;
  }

  set(): void {}

  fail(): void {}

  event(): void {}

  updateName(): void {}

  child(): this {
    return this;
  }

  end(): void {}
}
