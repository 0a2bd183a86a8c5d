/** The samplers by the names that the configuration has for them. */
import { alwaysSampler, neverSampler } from './always.ts';
import { parentBasedSampler } from './parent-based.ts';
import { ratioSampler } from './ratio.ts';
import type { Sampler } from './sampler.ts';

const SAMPLERS = {
  always: () => alwaysSampler,
  never: () => neverSampler,
  ratio: (ratio: number) => ratioSampler(ratio),
  parent_based: (ratio: number) => parentBasedSampler(ratioSampler(ratio, 'root_ratio')),
} as const satisfies Record<string, (ratio: number) => Sampler>;

export type SamplingStrategy = keyof typeof SAMPLERS;

/** @param ratio share of the traces that `ratio` keeps, and `parent_based` where there is no parent: 0 to 1. */
export function chooseSampler(strategy: SamplingStrategy, ratio: number): Sampler {
  return SAMPLERS[strategy](ratio);
}
