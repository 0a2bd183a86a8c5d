/** Other samplers for some buckets and operations. */
import type { RequestClues } from '../../domain/span.ts';
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
    decide(traceId, parent, clues) {
      const { sampler } = overrides.find((override) => fits(override, clues)) ?? { sampler: otherwise };
      return sampler.decide(traceId, parent, clues);
    },
  };
}

function fits({ bucket, operations }: Override, clues: RequestClues | undefined): boolean {
  if (bucket !== undefined && bucket !== clues?.bucket) return false;
  return operations === undefined || (clues?.operation !== undefined && operations.includes(clues.operation));
}
