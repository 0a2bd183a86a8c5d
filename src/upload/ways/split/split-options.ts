/** The settings of the split way. */
import type { OpenPump } from '../../../pump/open-pump.ts';
import type { PartMemory } from './part-memory.ts';

export interface SplitOptions {
  /** Larger objects are split, in bytes. */
  readonly thresholdBytes: number;
  readonly partBytes: number;
  /** Concurrent parts of one object. */
  readonly concurrentParts: number;
  readonly memory: PartMemory;
  /** Undefined where there is none, or it is disabled. */
  readonly pump: OpenPump | undefined;
}
