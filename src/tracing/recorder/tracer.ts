/** Our recorder of requests. The sampler decides at the local root, which is the SERVER span, and the spans below follow. */
import type { RawHeaders } from '../../domain/span.ts';
import { unsliced } from '../../kit/unsliced.ts';
import { type Carried, NOTHING, type Propagated } from '../propagation/propagator.ts';
import { RANDOM_FLAG, SAMPLED_FLAG } from '../propagation/span-context.ts';
import type { RequestOptions, RequestRecorder } from '../request-recorder.ts';
import type { Sampler } from '../sampler/sampler.ts';
import { REQUEST_SPAN } from '../span-names.ts';
import { wordsOf } from './ids.ts';
import { LocalTrace } from './local-trace.ts';
import { RecordingSpan, type TracerContext } from './recording-span.ts';
import { UnsampledSpan } from './unsampled-span.ts';

export interface TracerParts extends TracerContext {
  readonly sampler: Sampler;
  /** Called for traces that the sampler does not keep, with tail sampling. */
  readonly tail?: { open(local: LocalTrace): void } | undefined;
  /** Of the spans that are recorded but not exported: those of all other traces. Undefined records none. */
  readonly unexported?: TracerContext | undefined;
}

export class Tracer implements RequestRecorder<Carried> {
  readonly #parts: TracerParts;

  constructor(parts: TracerParts) {
    this.#parts = parts;
  }

  extract(headers: RawHeaders): Propagated {
    return this.#parts.propagator.extract(headers, NOTHING);
  }

  open({ caller, others: carried }: Propagated, options: RequestOptions): RecordingSpan | UnsampledSpan {
    const { ids, clock, sampler, tail, unexported } = this.#parts;
    const called = caller?.partial === 'decision' ? undefined : caller;
    const parent = called?.partial === undefined ? called : undefined;
    const traceId = called === undefined ? ids.traceId() : unsliced(called.traceId);
    const words = called === undefined ? ids.traceWords() : wordsOf(traceId);
    const random = called === undefined ? RANDOM_FLAG : called.traceFlags & RANDOM_FLAG;
    const decision = sampler.decide(traceId, caller, options.hints);
    const traceFlags = random | (decision.sampled ? SAMPLED_FLAG : 0);
    const traceState = decision.traceState ?? parent?.traceState;
    const fate = decision.sampled ? 'kept' : tail === undefined ? 'forgotten' : 'undecided';
    const tracer = fate === 'forgotten' ? unexported : this.#parts;
    if (tracer === undefined) {
      const context = { traceId, spanId: ids.requestSpanId(), traceFlags, traceState };
      return new UnsampledSpan(this.#parts.propagator, context, carried);
    }
    const local = new LocalTrace(traceId, words, traceFlags, traceState, clock.anchor(), carried, fate);
    const span = new RecordingSpan(
      tracer,
      REQUEST_SPAN,
      'server',
      local,
      parent,
      options.attributes,
      options.startedAt,
    );
    if (options.link !== undefined) span.linkTo(options.link);
    local.root = span;
    if (!decision.sampled) tail?.open(local);
    span.set('sampling.reason', decision.reason);
    return span;
  }
}
