/** Samplers that never think: every trace, or none. A caller's threshold is true of neither. */
import { withoutThreshold } from './ratio.ts';
import type { Sampler } from './sampler.ts';

export const alwaysSampler: Sampler = {
  decide: (_, parent) => ({ sampled: true, reason: 'always', ...withoutThreshold(parent) }),
};
export const neverSampler: Sampler = {
  decide: (_, parent) => ({ sampled: false, reason: 'never', ...withoutThreshold(parent) }),
};
