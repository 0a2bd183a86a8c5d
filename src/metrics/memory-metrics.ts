/** The memory for parts, as gauges. */
import type { Registry } from './registry.ts';

export interface MemoryFigures {
  readonly reservedBytes: number;
  readonly waiting: number;
}

export function watchMemory(registry: Registry, memory: MemoryFigures): void {
  registry.onCollect(() => {
    registry.set('mizuchi_part_memory_bytes', [], memory.reservedBytes);
    registry.set('mizuchi_part_memory_waiting', [], memory.waiting);
  });
}
