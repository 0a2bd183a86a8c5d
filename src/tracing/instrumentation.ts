/**
 * How a request begins: the context that it continues, and its links, for every recorder.
 */
import type { RequestTracer, TraceOrigin } from '../domain/span.ts';
import { type Conventions, namesOf } from './conventions.ts';
import { Inbound } from './propagation/inbound.ts';
import type { CallerContext, SpanContext } from './propagation/span-context.ts';
import type { RequestRecorder } from './request-recorder.ts';
import { namedSpan, type SpanNames } from './span-names.ts';

export interface RequestTracerOptions {
  /** Which names HTTP attributes get. */
  readonly conventions: Conventions;
  /** The names of spans; `default` unless given. */
  readonly spanNames?: SpanNames;
  /** The trusted callers; all unless given. */
  readonly inbound?: Inbound;
}

export function createRequestTracer<Others>(
  recorder: RequestRecorder<Others>,
  {
    conventions,
    spanNames = 'default',
    inbound = new Inbound({ mode: 'continue', trusted: [] }),
  }: RequestTracerOptions,
): RequestTracer {
  const names = namesOf(conventions);
  return {
    startRequest(headers, attributes, hints, startedAt) {
      const peer = attributes['network.peer.address'] as string | undefined;
      const { parent: sent, link } = inbound.admit(recorder.extract(headers), peer);
      const { caller, others } = sent;
      const begins = hints?.origin === undefined ? undefined : contextOf(hints.origin);
      const called = caller !== undefined && caller.partial !== 'decision';
      const continues = called || begins === undefined;
      const parent = continues ? sent : { caller: unlessDenied(begins, caller), others };
      const span = recorder.open(parent, {
        attributes: names.initial('server', attributes),
        link: called ? begins : link,
        hints: hints?.bucket === undefined ? undefined : hints,
        startedAt,
      });
      return names.renamed(namedSpan(span, spanNames, attributes), 'server');
    },
  };
}

/** A caller can deny sampling without sending ids. */
function unlessDenied(begins: SpanContext, decision: CallerContext | undefined): SpanContext {
  return decision === undefined ? begins : { ...begins, traceFlags: begins.traceFlags & decision.traceFlags };
}

/** Another gateway may have opened it: the sampler treats it like a caller. */
function contextOf({ traceId, spanId, flags }: TraceOrigin): SpanContext {
  return { traceId, spanId, traceFlags: flags };
}
