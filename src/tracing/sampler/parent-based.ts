/** Follows the caller's decision where there is a caller, and decides by another sampler where the trace begins here. */
import { TraceFlags } from '@opentelemetry/api';
import { withoutThreshold } from './ratio.ts';
import type { Sampler, SamplingDecision } from './sampler.ts';

const KEEP: SamplingDecision = { sampled: true, reason: 'parent_sampled' };
const DROP: SamplingDecision = { sampled: false, reason: 'parent_not_sampled' };

export function parentBasedSampler(root: Sampler): Sampler {
  return {
    decide(traceId, parent) {
      if (parent === undefined) return root.decide(traceId, parent);
      return parent.traceFlags & TraceFlags.SAMPLED ? KEEP : { ...DROP, ...withoutThreshold(parent) };
    },
  };
}
