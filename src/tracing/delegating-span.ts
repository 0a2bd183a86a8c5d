/** A span that passes everything on to another one: the base of wrappers that change names. */
import type { Attributes, AttributeValue, Span, SpanKind } from '../domain/span.ts';

export class DelegatingSpan<S extends Span = Span> implements Span {
  protected readonly inner: S;

  constructor(inner: S) {
    this.inner = inner;
  }

  /** The span below all wrappers. */
  static innermost(span: Span): Span {
    let found = span;
    while (found instanceof DelegatingSpan) found = found.inner;
    return found;
  }

  get traceId(): string | undefined {
    return this.inner.traceId;
  }

  get spanId(): string | undefined {
    return this.inner.spanId;
  }

  get sampled(): boolean {
    return this.inner.sampled;
  }

  get recording(): boolean {
    return this.inner.recording;
  }

  get traceFlags(): number | undefined {
    return this.inner.traceFlags;
  }

  set(name: string, value: AttributeValue | undefined): void {
    this.inner.set(name, value);
  }

  fail(errorType: string, description?: string): void {
    this.inner.fail(errorType, description);
  }

  event(name: string, at: number): void {
    this.inner.event(name, at);
  }

  child(name: string, kind: SpanKind, attributes: Attributes = {}): Span {
    return this.inner.child(name, kind, attributes);
  }

  outgoingHeaders(): readonly string[] {
    return this.inner.outgoingHeaders();
  }

  end(): void {
    this.inner.end();
  }
}
