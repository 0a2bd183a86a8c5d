/**
 * A span of a trace that is not kept: it carries its context, so that ids reach logs and the next service, and nothing else. It also
 * represents all its children, whose ids are never exported.
 */
import type { Span as ApiSpan, Context, SpanContext } from '@opentelemetry/api';
import type { Span } from '../../domain/span.ts';
import { formatTraceparent } from '../propagation/format-traceparent.ts';
import type { TracerContext } from './recording-span.ts';
import { SpanHolder } from './span-holder.ts';

export class UnsampledSpan implements ApiSpan, Span {
  readonly #context: SpanContext;
  readonly #tracer: TracerContext;
  readonly #around: Context;
  #outgoing: readonly string[] | undefined;

  /** @param around in which it was opened. */
  constructor(tracer: TracerContext, context: SpanContext, around: Context) {
    this.#tracer = tracer;
    this.#context = context;
    this.#around = around;
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

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#context;
    return formatTraceparent(traceId, spanId, traceFlags);
  }

  outgoingHeaders(): readonly string[] {
    this.#outgoing ??= this.#tracer.carry(new SpanHolder(this.#around, this));
    return this.#outgoing;
  }

  set(): void {}

  fail(): void {}

  event(): void {}

  child(): this {
    return this;
  }

  end(): void {}

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}
}
