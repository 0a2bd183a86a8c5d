/** Which traces are kept. A sampler decides once for each local root, with a reason. */
import type { SamplingHints } from '../../domain/span.ts';
import type { CallerContext } from '../propagation/span-context.ts';
import type { TraceState } from '../propagation/trace-state.ts';

export interface SamplingDecision {
  readonly sampled: boolean;
  /** Low-cardinality name of the rule that decided; on the local root it is the attribute `sampling.reason`. */
  readonly reason: string;
  /** The new trace state; undefined keeps the parent's. */
  readonly traceState?: TraceState;
}

export interface Sampler {
  /** @param parent the context that the caller sent, if any. @param hints bucket and operation of the request, if known. */
  decide(traceId: string, parent: CallerContext | undefined, hints?: SamplingHints): SamplingDecision;
}
