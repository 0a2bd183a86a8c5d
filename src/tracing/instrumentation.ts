/**
 * How a request begins: the context that it continues, and its links, for every recorder.
 */
import {
  type Attributes as ApiAttributes,
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type SpanOptions,
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

/** The begin of a request in its context. Attributes belong to the span from then on. */
export type RequestOptions = Pick<SpanOptions, 'attributes' | 'links' | 'startTime'>;

/** Opens the SERVER span of a request. */
export type OpenRequest = (parent: Context, options: RequestOptions) => RequestSpan;

/** Our recorder's spans, as they are. */
export const recordedBy =
  (tracer: Tracer): OpenRequest =>
  (parent, options) =>
    tracer.startSpan(REQUEST_SPAN, { kind: SpanKind.SERVER, ...options }, parent);

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
    startRequest(headers, attributes, hints, startedAt) {
      const sent = propagator.extract(ROOT_CONTEXT, headers, rawHeadersGetter);
      const { parent: caller, link } = inbound.admit(sent, attributes['network.peer.address'] as string | undefined);
      const begins = hints?.origin === undefined ? undefined : contextOf(hints.origin);
      const found: CallerContext | undefined = trace.getSpanContext(caller);
      const called = found !== undefined && found.partial !== 'decision';
      const above = called || begins === undefined ? caller : trace.setSpanContext(caller, unlessDenied(begins, found));
      const parent = hints?.bucket === undefined ? above : above.setValue(SAMPLING_HINTS_KEY, hints);
      const links = [link, called ? begins : undefined].filter((each) => each !== undefined);
      const options: RequestOptions = { attributes: names.initial('server', attributes) as ApiAttributes };
      if (links.length > 0) options.links = links.map((context) => ({ context }));
      if (startedAt !== undefined) options.startTime = startedAt;
      const span = open(parent, options);
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
