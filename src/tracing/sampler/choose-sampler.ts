/** The samplers by the names that the configuration has for them. */
import { alwaysSampler, neverSampler } from './always.ts';
import { parentBasedSampler } from './parent-based.ts';
import { ratioSampler, withoutThreshold } from './ratio.ts';
import type { Sampler } from './sampler.ts';

const SAMPLERS = {
  always: () => alwaysSampler,
  never: () => neverSampler,
  ratio: (ratio: number, remote: number) => bounded(ratioSampler(ratio), remote),
  parent_based: (ratio: number, remote: number) =>
    bounded(parentBasedSampler(ratioSampler(ratio, 'root_ratio'), ratio), remote),
} as const satisfies Record<string, (ratio: number, remoteRatio: number) => Sampler>;

export type SamplingStrategy = keyof typeof SAMPLERS;

/**
 * @param ratio of the traces that `ratio` keeps, and `parent_based` without a parent: 0 to 1.
 * @param remoteRatio the same for traces of untrusted callers: 0 to 1.
 */
export function chooseSampler(strategy: SamplingStrategy, ratio: number, remoteRatio = ratio): Sampler {
  return SAMPLERS[strategy](ratio, remoteRatio);
}

/** Untrusted callers choose their flags and trace ids, and could so choose which traces are kept. */
function bounded(sampler: Sampler, remoteRatio: number): Sampler {
  return {
    decide(traceId, parent) {
      if (parent?.draw === undefined || parent.draw < remoteRatio) return sampler.decide(traceId, parent);
      return { sampled: false, reason: 'remote_ratio', ...withoutThreshold(parent) };
    },
  };
}
