/** Which traces are kept. A sampler is asked once for each local root, and says why. */
import { createContextKey, type SpanContext, type TraceState } from '@opentelemetry/api';
import type { RequestClues } from '../../domain/span.ts';

/** Under which a context holds the clues of its request, where a sampler wants them. */
export const CLUES_KEY = createContextKey('mizuchi request clues');

export interface Decision {
  readonly sampled: boolean;
  /** Low-cardinality name of the rule that decided; stands on the local root as `sampling.reason`. */
  readonly reason: string;
  /** What the trace state becomes; undefined leaves the parent's. */
  readonly traceState?: TraceState;
}

/** What a caller sent. */
export interface CallerContext extends SpanContext {
  /** Drawn for a caller that is not trusted, from 0 to 1 without 1: only below its share may its trace be kept. */
  readonly draw?: number;
}

export interface Sampler {
  /** @param parent the valid context that the caller sent, if any. @param clues what the request seems to ask for, if somebody looked. */
  decide(traceId: string, parent: CallerContext | undefined, clues?: RequestClues): Decision;
}
