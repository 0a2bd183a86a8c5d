/** Which traces are kept. A sampler decides once for each local root, with a reason. */
import { createContextKey, type SpanContext, type TraceState } from '@opentelemetry/api';
import type { SamplingHints } from '../../domain/span.ts';

/** Context key of the sampling hints of a request. */
export const SAMPLING_HINTS_KEY = createContextKey('mizuchi sampling hints');

export interface SamplingDecision {
  readonly sampled: boolean;
  /** Low-cardinality name of the rule that decided; on the local root it is the attribute `sampling.reason`. */
  readonly reason: string;
  /** The new trace state; undefined keeps the parent's. */
  readonly traceState?: TraceState;
}

/** The context of a caller. */
export interface CallerContext extends SpanContext {
  /** Drawn for a caller that is not trusted, from 0 to 1 without 1: its trace may be kept only below `remote_ratio`. */
  readonly draw?: number;
  /** Whether the caller leaves the sampling decision to the gateway. Its sampled flag then means nothing. */
  readonly deferred?: boolean;
  /**
   * What an incomplete context holds. `trace`: a trace id without a span id. `decision`: the sampled flag without ids, for a trace
   * that begins here. The missing ids are zero.
   */
  readonly partial?: 'trace' | 'decision';
}

export interface Sampler {
  /** @param parent the context that the caller sent, if any. @param hints bucket and operation of the request, if known. */
  decide(traceId: string, parent: CallerContext | undefined, hints?: SamplingHints): SamplingDecision;
}
