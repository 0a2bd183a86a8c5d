/** Follows the caller's decision where there is a caller, and decides by a sampler of its own where the trace begins here. */
import { TraceFlags } from '@opentelemetry/api';
import { withoutThreshold } from './ratio.ts';
import type { Decision, Sampler } from './sampler.ts';

const KEEP: Decision = { sampled: true, reason: 'parent_sampled' };
const DROP: Decision = { sampled: false, reason: 'parent_not_sampled' };

export function parentBasedSampler(root: Sampler): Sampler {
  return {
    decide(traceId, parent) {
      if (parent === undefined) return root.decide(traceId, parent);
      return parent.traceFlags & TraceFlags.SAMPLED ? KEEP : { ...DROP, ...withoutThreshold(parent) };
    },
  };
}
