/**
 * Names of spans. By default they name the part of the gateway. With `semconv` they are those of the OTel semantic
 * conventions: `{method} {http.route}` for requests ("HTTP server"), `S3.PutObject` for calls of the store ("AWS SDK"), the method for
 * other calls ("HTTP client"). Internal spans have no convention, and keep their names.
 */
import type { Attributes, AttributeValue, Span, SpanKind } from '../domain/span.ts';
import { DelegatingSpan } from './delegating-span.ts';

export type SpanNames = 'default' | 'semconv';

/** The SERVER span of a request: its final name is known after routing. */
export interface RequestSpan extends Span {
  updateName(name: string): unknown;
}

export const REQUEST_SPAN = 'http.server.request';

export function namedSpan(span: RequestSpan, names: SpanNames, attributes: Attributes): Span {
  if (names === 'default' || !span.recording) return span;
  const method = methodOf(attributes);
  span.updateName(method);
  return new RequestSpanWithRoute(span, method);
}

class SpanWithNames<S extends Span = Span> extends DelegatingSpan<S> {
  override child(name: string, kind: SpanKind, attributes: Attributes = {}): Span {
    const named = kind === 'client' ? clientName(attributes) : name;
    return new SpanWithNames(this.inner.child(named, kind, attributes));
  }
}

class RequestSpanWithRoute extends SpanWithNames<RequestSpan> {
  readonly #method: string;

  constructor(inner: RequestSpan, method: string) {
    super(inner);
    this.#method = method;
  }

  override set(name: string, value: AttributeValue | undefined): void {
    super.set(name, value);
    if (name === 'http.route' && value !== undefined) this.inner.updateName(`${this.#method} ${value}`);
  }
}

function clientName(attributes: Attributes): string {
  const { 'rpc.service': service, 'rpc.method': method } = attributes;
  return service === undefined ? methodOf(attributes) : `${service}.${method}`;
}

/** An unknown method could be anything, so it is not in a name. With legacy conventions the attribute has its older name. */
function methodOf({ 'http.method': older, 'http.request.method': method = older }: Attributes): string {
  return method === undefined || method === '_OTHER' ? 'HTTP' : String(method);
}
