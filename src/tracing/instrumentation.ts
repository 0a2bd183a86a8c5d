/**
 * The face that the gateway sees, over any tracer and propagator of `@opentelemetry/api`. Span names and the choice between
 * today's and older attribute names live here; what records the spans is none of its business.
 */
import {
  type Span as ApiSpan,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type {
  Attributes,
  AttributeValue,
  SpanKind as FaceKind,
  RequestTracer,
  Span,
  TraceOrigin,
} from '../domain/span.ts';
import { type Conventions, chooseNames, type Names } from './conventions.ts';
import { Inbound } from './propagation/inbound.ts';
import { rawHeadersGetter, rawHeadersSetter } from './propagation/raw-headers.ts';
import { formatTraceparent } from './propagation/trace-context.ts';
import { CLUES_KEY } from './sampler/sampler.ts';
import { SpanHolder } from './span-holder.ts';

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const satisfies Record<FaceKind, SpanKind>;

/** @param conventions which names HTTP attributes get. @param inbound whose context is continued; everybody's unless given. */
export function createRequestTracer(
  tracer: Tracer,
  propagator: TextMapPropagator,
  conventions: Conventions,
  inbound: Inbound = new Inbound({ mode: 'continue', trusted: [], remoteRatio: 1 }),
): RequestTracer {
  const tools = { tracer, propagator, names: chooseNames(conventions) };
  return {
    startRequest(headers, attributes, clues) {
      const sent = propagator.extract(ROOT_CONTEXT, headers, rawHeadersGetter);
      const { parent: caller, link } = inbound.admit(sent, attributes['network.peer.address'] as string | undefined);
      const begins = clues?.origin === undefined ? undefined : contextOf(clues.origin);
      const called = trace.getSpanContext(caller) !== undefined;
      const above = called || begins === undefined ? caller : trace.setSpanContext(caller, begins);
      const parent = clues?.bucket === undefined ? above : above.setValue(CLUES_KEY, clues);
      const links = [link, called ? begins : undefined].filter((each) => each !== undefined);
      const linked = links.length === 0 ? undefined : links.map((context) => ({ context }));
      return open(tools, parent, 'http.server.request', SpanKind.SERVER, attributes, linked);
    },
  };
}

/** Another gateway may have opened it, so it counts as remote: the sampler treats it like a caller. */
function contextOf({ traceId, spanId, flags }: TraceOrigin): SpanContext {
  return { traceId, spanId, traceFlags: flags, isRemote: true };
}

interface Tools {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
  readonly names: Names;
}

function open(
  tools: Tools,
  parent: Context,
  name: string,
  kind: SpanKind,
  attributes: Attributes = {},
  links?: Link[],
): Span {
  const options = { kind, attributes: tools.names.initial(kind, attributes), ...(links && { links }) };
  const span = tools.tracer.startSpan(name, options, parent);
  return span.isRecording() ? new TracedSpan(tools, span, parent, kind) : new SilentSpan(tools, span, parent);
}

/** What all spans of ours can say of where they stand. */
abstract class PlacedSpan {
  protected readonly tools: Tools;
  protected readonly span: ApiSpan;
  readonly #parent: Context;
  readonly #ids: SpanContext;
  #own: Context | undefined;
  #outgoing: readonly string[] | undefined;
  #traceparent: string | undefined;

  constructor(tools: Tools, span: ApiSpan, parent: Context) {
    this.tools = tools;
    this.span = span;
    this.#parent = parent;
    this.#ids = span.spanContext();
  }

  get traceId(): string {
    return this.#ids.traceId;
  }

  get spanId(): string {
    return this.#ids.spanId;
  }

  get sampled(): boolean {
    return (this.#ids.traceFlags & TraceFlags.SAMPLED) !== 0;
  }

  get traceparent(): string {
    this.#traceparent ??= formatTraceparent(this.#ids);
    return this.#traceparent;
  }

  outgoingHeaders(): readonly string[] {
    this.#outgoing ??= this.#inject();
    return this.#outgoing;
  }

  #inject(): readonly string[] {
    const headers: string[] = [];
    this.tools.propagator.inject(this.context(), headers, rawHeadersSetter);
    return headers;
  }

  protected context(): Context {
    this.#own ??= new SpanHolder(this.#parent, this.span);
    return this.#own;
  }
}

/** Of a trace that is not kept: it stands for all the spans below it as well, whose ids nobody would ever see. */
class SilentSpan extends PlacedSpan implements Span {
  get recording(): boolean {
    return false;
  }

  set(): void {}
  fail(): void {}
  end(): void {}

  child(): Span {
    return this;
  }
}

class TracedSpan extends PlacedSpan implements Span {
  readonly #kind: SpanKind;

  constructor(tools: Tools, span: ApiSpan, parent: Context, kind: SpanKind) {
    super(tools, span, parent);
    this.#kind = kind;
  }

  set(name: string, value: AttributeValue | undefined): void {
    if (value !== undefined) this.tools.names.set(this.span, this.#kind, name, value);
  }

  fail(errorType: string, description?: string): void {
    this.span.setAttribute('error.type', errorType);
    this.span.setStatus({ code: SpanStatusCode.ERROR, ...(description !== undefined && { message: description }) });
  }

  child(name: string, kind: FaceKind, attributes?: Attributes): Span {
    return open(this.tools, this.context(), name, KINDS[kind], attributes);
  }

  get recording(): boolean {
    return true;
  }

  end(): void {
    this.span.end();
  }
}
