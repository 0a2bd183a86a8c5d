/** Follows the caller's decision. Without a caller, and for one that defers the decision, another sampler decides. */
import { SAMPLED_FLAG } from '../propagation/span-context.ts';
import { withoutThreshold } from './ratio.ts';
import type { Sampler, SamplingDecision } from './sampler.ts';

const KEEP: SamplingDecision = { sampled: true, reason: 'parent_sampled' };
const DROP: SamplingDecision = { sampled: false, reason: 'parent_not_sampled' };

/** @param ratio of the traces that untrusted callers defer: by their draw, because they can choose the trace id. */
export function parentBasedSampler(root: Sampler, ratio: number): Sampler {
  return {
    decide(traceId, parent) {
      if (parent === undefined) return root.decide(traceId, parent);
      if (parent.deferred) {
        const { draw } = parent;
        if (draw === undefined) return root.decide(traceId, parent);
        return { sampled: draw < ratio, reason: 'root_ratio', ...withoutThreshold(parent) };
      }
      return parent.traceFlags & SAMPLED_FLAG ? KEEP : { ...DROP, ...withoutThreshold(parent) };
    },
  };
}
