/** The tracer's own counts, read at each collection. */
import { type ExportFigures, watchExport } from './export-metrics.ts';
import type { Registry } from './registry.ts';

export interface TracerFigures extends ExportFigures {
  readonly queueCapacity: number;
  readonly saved: number;
  readonly tail: Readonly<Record<string, number>>;
  readonly truncated: Readonly<Record<string, number>>;
}

export function watchTracer(registry: Registry, figures: () => TracerFigures): void {
  watchExport(registry, 'traces', figures);
  registry.onCollect(() => {
    const { queued, queueCapacity, exported, saved, breakerOpen, dropped, tail, truncated } = figures();
    registry.set('mizuchi_tracer_queue_spans', [], queued);
    registry.set('mizuchi_tracer_queue_capacity_spans', [], queueCapacity);
    registry.set('mizuchi_tracer_exported_spans', [], exported);
    registry.set('mizuchi_tracer_fallback_spans', [], saved);
    registry.set('mizuchi_tracer_breaker_state', [], breakerOpen ? 2 : 0);
    for (const [reason, count] of Object.entries(dropped))
      registry.set('mizuchi_tracer_dropped_spans', [reason], count);
    for (const [what, count] of Object.entries(truncated)) registry.set('mizuchi_tracer_truncated', [what], count);
    for (const [outcome, count] of Object.entries(tail)) registry.set('mizuchi_tracer_tail_traces', [outcome], count);
  });
}
