/**
 * Our tracer behind the interface of `@opentelemetry/api`: decides at each local root, and lets the spans below follow. The gateway
 * uses its spans directly.
 */
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
import type { SamplingHints } from '../../domain/span.ts';
import { type CallerContext, SAMPLING_HINTS_KEY, type Sampler, type SamplingDecision } from '../sampler/sampler.ts';
import { wordsOf } from './ids.ts';
import { LocalTrace } from './local-trace.ts';
import { RecordingSpan, type TracerContext } from './recording-span.ts';
import { UnsampledSpan } from './unsampled-span.ts';

/** The trace id was drawn at random (W3C Trace Context level 2, section 3.2.2.5.2). `TraceFlags` does not know it yet. */
const RANDOM_FLAG = 0x02;

export interface TracerParts extends TracerContext {
  readonly sampler: Sampler;
  /** Called for traces that the sampler does not keep, with tail sampling. */
  readonly tail?: { open(local: LocalTrace): void } | undefined;
  /** Of the spans that are recorded but not exported: those of all other traces. Undefined records none. */
  readonly unexported?: TracerContext | undefined;
}

/** A span of ours. */
export type OwnSpan = RecordingSpan | UnsampledSpan;

export class Tracer implements TracerApi {
  readonly #parts: TracerParts;

  constructor(parts: TracerParts) {
    this.#parts = parts;
  }

  startSpan(name: string, options: SpanOptions = {}, context: Context = contextApi.active()): OwnSpan {
    const parent = options.root ? undefined : trace.getSpan(context);
    if (parent instanceof RecordingSpan) return this.#open(name, options, parent.local, parent);
    if (parent instanceof UnsampledSpan) return this.#unsampled(parent.spanContext(), context);
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

  #localRoot(name: string, options: SpanOptions, given: CallerContext | undefined, around: Context): OwnSpan {
    const { ids, clock, sampler, tail, unexported } = this.#parts;
    const parent = given !== undefined && isSpanContextValid(given) ? given : undefined;
    const caller = parent ?? (given?.partial === undefined ? undefined : given);
    const called = caller === undefined || caller.partial === 'decision' ? undefined : caller;
    const traceId = called?.traceId ?? ids.traceId();
    const words = called === undefined ? ids.traceWords() : wordsOf(traceId);
    const random = called === undefined ? RANDOM_FLAG : called.traceFlags & RANDOM_FLAG;
    const decision = sampler.decide(traceId, caller, around.getValue(SAMPLING_HINTS_KEY) as SamplingHints | undefined);
    const traceFlags = random | (decision.sampled ? TraceFlags.SAMPLED : 0);
    const traceState = stateOf(decision, parent);
    const fate = decision.sampled ? 'kept' : tail === undefined ? 'forgotten' : 'undecided';
    const tracer = fate === 'forgotten' ? unexported : this.#parts;
    if (tracer === undefined) return this.#unsampled({ traceId, traceFlags, traceState }, around);
    const local = new LocalTrace(traceId, words, traceFlags, traceState, clock.anchor(), around, fate);
    const span = this.#open(name, options, local, parent, tracer);
    local.root = span;
    if (!decision.sampled) tail?.open(local);
    return span.setAttribute('sampling.reason', decision.reason);
  }

  #open(
    name: string,
    { kind = SpanKind.INTERNAL, attributes, links, startTime }: SpanOptions,
    local: LocalTrace,
    parent: RecordingSpan | SpanContext | undefined,
    tracer: TracerContext = this.#parts,
  ): RecordingSpan {
    const span = new RecordingSpan(tracer, name, kind, local, parent, attributes, startTime);
    return links === undefined ? span : span.addLinks(links);
  }

  #unsampled({ traceId, traceFlags, traceState }: Inherited, around: Context): UnsampledSpan {
    const context = { traceId, spanId: this.#parts.ids.spanId(), traceFlags };
    return new UnsampledSpan(this.#parts, traceState === undefined ? context : { ...context, traceState }, around);
  }
}

/** What a context has of the one above it. */
type Inherited = Pick<SpanContext, 'traceId' | 'traceFlags'> & { readonly traceState?: TraceState | undefined };

function stateOf(decision: SamplingDecision, parent: SpanContext | undefined): TraceState | undefined {
  return decision.traceState === undefined ? parent?.traceState : decision.traceState;
}
