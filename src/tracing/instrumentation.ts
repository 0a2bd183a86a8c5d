/**
 * How a request begins: the context that it continues, and its links, for every recorder.
 */
import {
  type Attributes as ApiAttributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import type { RequestTracer, TraceOrigin } from '../domain/span.ts';
import { type Conventions, namesOf } from './conventions.ts';
import { Inbound } from './propagation/inbound.ts';
import { rawHeadersGetter } from './propagation/raw-headers.ts';
import type { Tracer } from './recorder/tracer.ts';
import { type CallerContext, SAMPLING_HINTS_KEY } from './sampler/sampler.ts';
import { namedSpan, REQUEST_SPAN, type RequestSpan, type SpanNames } from './span-names.ts';

/** Opens the SERVER span of a request. @param attributes belong to the span from then on. */
export type OpenRequest = (parent: Context, attributes: ApiAttributes, links: Link[] | undefined) => RequestSpan;

/** Our recorder's spans, as they are. */
export const recordedBy =
  (tracer: Tracer): OpenRequest =>
  (parent, attributes, links) =>
    tracer.startSpan(
      REQUEST_SPAN,
      links === undefined ? { kind: SpanKind.SERVER, attributes } : { kind: SpanKind.SERVER, attributes, links },
      parent,
    );

export interface RequestTracerOptions {
  /** Which names HTTP attributes get. */
  readonly conventions: Conventions;
  /** The names of spans; `default` unless given. */
  readonly spanNames?: SpanNames;
  /** The trusted callers; all unless given. */
  readonly inbound?: Inbound;
}

export function createRequestTracer(
  open: OpenRequest,
  propagator: TextMapPropagator,
  {
    conventions,
    spanNames = 'default',
    inbound = new Inbound({ mode: 'continue', trusted: [] }),
  }: RequestTracerOptions,
): RequestTracer {
  const names = namesOf(conventions);
  return {
    startRequest(headers, attributes, hints) {
      const sent = propagator.extract(ROOT_CONTEXT, headers, rawHeadersGetter);
      const { parent: caller, link } = inbound.admit(sent, attributes['network.peer.address'] as string | undefined);
      const begins = hints?.origin === undefined ? undefined : contextOf(hints.origin);
      const found: CallerContext | undefined = trace.getSpanContext(caller);
      const called = found !== undefined && found.partial !== 'decision';
      const above = called || begins === undefined ? caller : trace.setSpanContext(caller, unlessDenied(begins, found));
      const parent = hints?.bucket === undefined ? above : above.setValue(SAMPLING_HINTS_KEY, hints);
      const links = [link, called ? begins : undefined].filter((each) => each !== undefined);
      const linked = links.length === 0 ? undefined : links.map((context) => ({ context }));
      const span = open(parent, names.initial('server', attributes) as ApiAttributes, linked);
      return names.renamed(namedSpan(span, spanNames, attributes), 'server');
    },
  };
}

/** A caller can deny sampling without sending ids. */
function unlessDenied(begins: SpanContext, decision: SpanContext | undefined): SpanContext {
  return decision === undefined ? begins : { ...begins, traceFlags: begins.traceFlags & decision.traceFlags };
}

/** Another gateway may have opened it, so it counts as remote: the sampler treats it like a caller. */
function contextOf({ traceId, spanId, flags }: TraceOrigin): SpanContext {
  return { traceId, spanId, traceFlags: flags, isRemote: true };
}
