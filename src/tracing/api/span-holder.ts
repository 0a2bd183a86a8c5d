/**
 * A context that holds a span, over another context. The one of `@opentelemetry/api` copies a Map and makes three closures
 * for each; every span of ours that has children needs one.
 */
import { type Context, createContextKey, type Span, trace } from '@opentelemetry/api';

/** Keys are equal by their text; this is the one under which `trace.getSpan` looks, which a test makes sure of. */
const SPAN_KEY = createContextKey('OpenTelemetry Context Key SPAN');

export class SpanHolder implements Context {
  readonly #below: Context;
  readonly #span: Span;

  constructor(below: Context, span: Span) {
    this.#below = below;
    this.#span = span;
  }

  getValue(key: symbol): unknown {
    return key === SPAN_KEY ? this.#span : this.#below.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return trace.setSpan(this.#below, this.#span).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return trace.setSpan(this.#below, this.#span).deleteValue(key);
  }
}
