/** Our tracer behind the interface of `@opentelemetry/api`: decides at each local root, and lets the spans below follow. */
import {
  type Context,
  context as contextApi,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  type Tracer as TracerApi,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import type { RequestClues } from '../../domain/span.ts';
import { CLUES_KEY, type Decision, type Sampler } from '../sampler/sampler.ts';
import { type IdGenerator, OwnContext } from './ids.ts';
import { LocalTrace } from './local-trace.ts';
import { RecordingSpan, type SpanShop } from './recording-span.ts';
import { UnsampledSpan } from './unsampled-span.ts';

/** The trace id was drawn at random (W3C Trace Context level 2, section 3.2.2.5.2). `TraceFlags` does not know it yet. */
export const RANDOM_FLAG = 0x02;

export interface TracerParts extends SpanShop {
  readonly ids: IdGenerator;
  readonly sampler: Sampler;
  /** Told of traces that the sampler does not keep, where they may be kept for what becomes of them. */
  readonly tail?: { open(local: LocalTrace): void } | undefined;
}

export class Tracer implements TracerApi {
  readonly #parts: TracerParts;

  constructor(parts: TracerParts) {
    this.#parts = parts;
  }

  startSpan(name: string, options?: SpanOptions, context: Context = contextApi.active()): Span {
    const parent = options?.root ? undefined : trace.getSpan(context);
    if (parent instanceof RecordingSpan) return this.#childOf(parent, name, options);
    if (parent instanceof UnsampledSpan) return new UnsampledSpan(this.#contextBelow(parent.context));
    return this.#localRoot(name, options, parent?.spanContext(), context);
  }

  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const run = rest.pop() as F;
    const [options, given] = rest as [SpanOptions?, Context?];
    const parent = given ?? contextApi.active();
    const span = this.startSpan(name, options, parent);
    return contextApi.with(trace.setSpan(parent, span), () => run(span)) as ReturnType<F>;
  }

  #childOf(parent: RecordingSpan, name: string, options: SpanOptions | undefined): Span {
    const below = this.#contextBelow(parent.context);
    return new RecordingSpan(this.#parts, name, below, parent.context, parent.local, kindOf(options), options);
  }

  #localRoot(name: string, options: SpanOptions | undefined, given: SpanContext | undefined, around: Context): Span {
    const { ids, sampler, clock } = this.#parts;
    const parent = given !== undefined && isSpanContextValid(given) ? given : undefined;
    const traceId = parent?.traceId ?? ids.traceId();
    const random = parent === undefined ? RANDOM_FLAG : parent.traceFlags & RANDOM_FLAG;
    const decision = sampler.decide(traceId, parent, around.getValue(CLUES_KEY) as RequestClues | undefined);
    const flags = random | (decision.sampled ? TraceFlags.SAMPLED : 0);
    const context = new OwnContext(ids, traceId, flags, stateOf(decision, parent));
    const { tail } = this.#parts;
    if (!decision.sampled && tail === undefined) return new UnsampledSpan(context);
    const local = new LocalTrace(traceId, clock.anchor(), decision.sampled ? 'kept' : 'undecided');
    const span = new RecordingSpan(this.#parts, name, context, parent, local, kindOf(options), options);
    local.root = span;
    if (!decision.sampled) tail?.open(local);
    return span.setAttribute('sampling.reason', decision.reason);
  }

  #contextBelow({ traceId, traceFlags, traceState }: SpanContext): OwnContext {
    return new OwnContext(this.#parts.ids, traceId, traceFlags, traceState);
  }
}

const kindOf = (options: SpanOptions | undefined): SpanKind => options?.kind ?? SpanKind.INTERNAL;

function stateOf(decision: Decision, parent: SpanContext | undefined): TraceState | undefined {
  return decision.traceState === undefined ? parent?.traceState : decision.traceState;
}
