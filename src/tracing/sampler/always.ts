/** Samplers that never think: every trace, or none. */
import type { Sampler } from './sampler.ts';

export const alwaysSampler: Sampler = { decide: () => ({ sampled: true, reason: 'always' }) };
export const neverSampler: Sampler = { decide: () => ({ sampled: false, reason: 'never' }) };
