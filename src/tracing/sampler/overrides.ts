/** Other samplers for some buckets and operations. */
import type { SamplingHints } from '../../domain/span.ts';
import type { Sampler } from './sampler.ts';

export interface Override {
  /** Any, unless given. */
  readonly bucket: string | undefined;
  readonly operations: readonly string[] | undefined;
  readonly sampler: Sampler;
}

/** The first that fits decides; where none does, `otherwise`. */
export function withOverrides(overrides: readonly Override[], otherwise: Sampler): Sampler {
  if (overrides.length === 0) return otherwise;
  return {
    decide(traceId, parent, hints) {
      const { sampler } = overrides.find((override) => fits(override, hints)) ?? { sampler: otherwise };
      return sampler.decide(traceId, parent, hints);
    },
  };
}

function fits({ bucket, operations }: Override, hints: SamplingHints | undefined): boolean {
  if (bucket !== undefined && bucket !== hints?.bucket) return false;
  return operations === undefined || (hints?.operation !== undefined && operations.includes(hints.operation));
}
