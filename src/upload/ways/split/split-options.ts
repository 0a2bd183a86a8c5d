/** The settings of the split way. */
import type { PartMemory } from './part-memory.ts';

export interface SplitOptions {
  /** Larger objects are split, in bytes. */
  readonly thresholdBytes: number;
  readonly partBytes: number;
  /** Concurrent parts of one object. */
  readonly concurrentParts: number;
  readonly memory: PartMemory;
}
