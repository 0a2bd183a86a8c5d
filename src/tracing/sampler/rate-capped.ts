/** A sampler that keeps at most a number of traces per second, whatever the reason. */
import type { RateCap } from './rate-cap.ts';
import { withoutThreshold } from './ratio.ts';
import type { Sampler, SamplingDecision } from './sampler.ts';

/** What share is kept is not known then, so none is claimed in the trace state (OTel specification, "TraceState: Probability Sampling"). */
export function rateCapped(sampler: Sampler, cap: RateCap): Sampler {
  return {
    decide(traceId, parent, hints): SamplingDecision {
      const decision = sampler.decide(traceId, parent, hints);
      if (!decision.sampled) return decision;
      const { sampled, reason } = cap.take() ? decision : { sampled: false, reason: 'rate_limited' };
      return { sampled, reason, ...withoutThreshold(parent) };
    },
  };
}
