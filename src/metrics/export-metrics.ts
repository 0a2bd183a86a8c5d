/** What became of the items of one signal on their way to the collector, read at each collection. */
import type { Registry } from './registry.ts';

export interface ExportFigures {
  readonly queued: number;
  readonly exported: number;
  readonly breakerOpen: boolean;
  readonly dropped: Readonly<Record<string, number>>;
}

export function watchExport(
  registry: Registry,
  signal: 'traces' | 'metrics' | 'logs',
  figures: () => ExportFigures,
): void {
  registry.onCollect(() => {
    const { queued, exported, breakerOpen, dropped } = figures();
    registry.set('mizuchi_export_queue_items', [signal], queued);
    registry.set('mizuchi_export_exported_items', [signal], exported);
    registry.set('mizuchi_export_breaker_state', [signal], breakerOpen ? 2 : 0);
    for (const [reason, count] of Object.entries(dropped))
      registry.set('mizuchi_export_dropped_items', [signal, reason], count);
  });
}
