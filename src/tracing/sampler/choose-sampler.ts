/** The samplers by the names that the configuration has for them. */
import { alwaysSampler, neverSampler } from './always.ts';
import { parentBasedSampler } from './parent-based.ts';
import { ratioSampler, withoutThreshold } from './ratio.ts';
import type { Sampler } from './sampler.ts';

const SAMPLERS = {
  always: () => alwaysSampler,
  never: () => neverSampler,
  ratio: (ratio: number) => bounded(ratioSampler(ratio)),
  parent_based: (ratio: number) => bounded(parentBasedSampler(ratioSampler(ratio, 'root_ratio'))),
} as const satisfies Record<string, (ratio: number) => Sampler>;

export type SamplingStrategy = keyof typeof SAMPLERS;

/** @param ratio share of the traces that `ratio` keeps, and `parent_based` where there is no parent: 0 to 1. */
export function chooseSampler(strategy: SamplingStrategy, ratio: number): Sampler {
  return SAMPLERS[strategy](ratio);
}

/** Strangers choose their trace ids, and so could choose those that a ratio keeps. */
function bounded(sampler: Sampler): Sampler {
  return {
    decide(traceId, parent) {
      if (parent?.overRatio !== true) return sampler.decide(traceId, parent);
      return { sampled: false, reason: 'remote_ratio', ...withoutThreshold(parent) };
    },
  };
}
