/** Spans of the gateway through any tracer of `@opentelemetry/api`, so that another provider records the same spans. */
import {
  type Attributes as ApiAttributes,
  type Span as ApiSpan,
  type SpanOptions as ApiSpanOptions,
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Attributes, AttributeValue, SpanKind as ChildKind, RawHeaders, Span } from '../../domain/span.ts';
import { fieldsWithoutCredentials, withoutCredentials } from '../../kit/without-credentials.ts';
import type { Propagated } from '../propagation/propagator.ts';
import { KNOWN_FLAGS } from '../propagation/span-context.ts';
import type { RequestOptions, RequestRecorder } from '../request-recorder.ts';
import { REQUEST_SPAN, type RequestSpan } from '../span-names.ts';
import { headersOf, rawHeadersGetter } from './header-carrier.ts';
import { SpanHolder } from './span-holder.ts';
import { asOwn, remote } from './text-map.ts';
import { wholeSpan } from './whole-span.ts';

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const satisfies Record<ChildKind, SpanKind>;

interface Tools {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
}

export function throughApi(tracer: Tracer, propagator: TextMapPropagator): RequestRecorder<Context> {
  const tools = { tracer, propagator };
  return {
    extract(headers: RawHeaders) {
      const others = propagator.extract(ROOT_CONTEXT, headers, rawHeadersGetter);
      const caller = trace.getSpanContext(others);
      return { caller: caller && asOwn(caller), others };
    },
    open(parent, options) {
      const context = contextOf(parent);
      return new PlacedSpan(tools, tracer.startSpan(REQUEST_SPAN, apiOptions(options), context), context);
    },
  };
}

function contextOf({ caller, others = ROOT_CONTEXT }: Propagated<Context>): Context {
  return caller === undefined ? others : trace.setSpanContext(others, wholeSpan(caller));
}

function apiOptions({ attributes = {}, link, startedAt }: RequestOptions): ApiSpanOptions {
  const options: ApiSpanOptions = {
    kind: SpanKind.SERVER,
    attributes: fieldsWithoutCredentials(attributes) as ApiAttributes,
  };
  if (link !== undefined) options.links = [{ context: remote(link) }];
  if (startedAt !== undefined) options.startTime = startedAt;
  return options;
}

/** A span and its context. A span of a trace that is not kept also represents all its children, whose ids are never exported. */
class PlacedSpan implements RequestSpan {
  readonly recording: boolean;
  readonly #tools: Tools;
  readonly #span: ApiSpan;
  readonly #ids: SpanContext;
  readonly #context: Context;
  #outgoing: readonly string[] | undefined;

  constructor(tools: Tools, span: ApiSpan, parent: Context) {
    this.recording = span.isRecording();
    this.#tools = tools;
    this.#span = span;
    this.#ids = span.spanContext();
    this.#context = new SpanHolder(parent, span);
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

  get traceFlags(): number {
    return this.#ids.traceFlags & KNOWN_FLAGS;
  }

  outgoingHeaders(): readonly string[] {
    this.#outgoing ??= headersOf(this.#tools.propagator, this.#context);
    return this.#outgoing;
  }

  set(name: string, value: AttributeValue | undefined): void {
    if (!this.recording || value === undefined) return;
    this.#span.setAttribute(name, typeof value === 'string' ? withoutCredentials(value) : (value as number));
  }

  fail(errorType: string, description?: string): void {
    if (!this.recording) return;
    this.#span.setAttribute('error.type', errorType);
    const message = description === undefined ? {} : { message: withoutCredentials(description) };
    this.#span.setStatus({ code: SpanStatusCode.ERROR, ...message });
  }

  event(name: string, at: number): void {
    if (this.recording) this.#span.addEvent(name, at);
  }

  updateName(name: string): void {
    this.#span.updateName(name);
  }

  child(name: string, kind: ChildKind, attributes: Attributes = {}): Span {
    if (!this.recording) return this;
    const options = { kind: KINDS[kind], attributes: fieldsWithoutCredentials(attributes) as ApiAttributes };
    return new PlacedSpan(this.#tools, this.#tools.tracer.startSpan(name, options, this.#context), this.#context);
  }

  end(): void {
    if (this.recording) this.#span.end();
  }
}
