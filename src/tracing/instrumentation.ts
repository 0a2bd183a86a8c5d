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
  given: Attributes = {},
  links?: Link[],
): Span {
  const attributes = tools.names.initial(kind, given);
  const options = links === undefined ? { kind, attributes } : { kind, attributes, links };
  return new PlacedSpan(tools, tools.tracer.startSpan(name, options, parent), parent, kind);
}

/** A span, and where it stands. Of a trace that is not kept it stands for all spans below it as well: nobody would ever see their ids. */
class PlacedSpan implements Span {
  readonly recording: boolean;
  readonly #tools: Tools;
  readonly #span: ApiSpan;
  readonly #kind: SpanKind;
  readonly #parent: Context;
  readonly #ids: SpanContext;
  #own: Context | undefined = undefined;
  #outgoing: readonly string[] | undefined = undefined;
  #traceparent: string | undefined = undefined;

  constructor(tools: Tools, span: ApiSpan, parent: Context, kind: SpanKind) {
    this.recording = span.isRecording();
    this.#tools = tools;
    this.#span = span;
    this.#kind = kind;
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

  set(name: string, value: AttributeValue | undefined): void {
    if (this.recording && value !== undefined) this.#tools.names.set(this.#span, this.#kind, name, value);
  }

  fail(errorType: string, description?: string): void {
    if (!this.recording) return;
    this.#span.setAttribute('error.type', errorType);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, ...(description !== undefined && { message: description }) });
  }

  child(name: string, kind: FaceKind, attributes?: Attributes): Span {
    return this.recording ? open(this.#tools, this.#context(), name, KINDS[kind], attributes) : this;
  }

  end(): void {
    if (this.recording) this.#span.end();
  }

  #inject(): readonly string[] {
    const headers: string[] = [];
    this.#tools.propagator.inject(this.#context(), headers, rawHeadersSetter);
    return headers;
  }

  #context(): Context {
    this.#own ??= new SpanHolder(this.#parent, this.#span);
    return this.#own;
  }
}
