/** The memory for parts: gauges of its use, and a counter of the uploads that were refused because it was short. */
import type { Registry } from './registry.ts';

export interface MemoryFigures {
  readonly reservedBytes: number;
  readonly waiting: number;
  /** Uploads that were refused because memory was short, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
}

export function watchMemory(registry: Registry, memory: MemoryFigures): void {
  registry.onCollect(() => {
    registry.set('mizuchi_part_memory_bytes', [], memory.reservedBytes);
    registry.set('mizuchi_part_memory_waiting', [], memory.waiting);
    for (const [reason, count] of Object.entries(memory.refusals)) {
      registry.set('mizuchi_part_memory_refusals', [reason], count);
    }
  });
}
