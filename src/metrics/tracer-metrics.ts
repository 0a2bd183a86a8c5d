/** The tracer's own figures, read when somebody looks. */
import type { Registry } from './registry.ts';

export interface TracerFigures {
  readonly queued: number;
  readonly queueCapacity: number;
  readonly exported: number;
  readonly saved: number;
  readonly broken: boolean;
  readonly dropped: Readonly<Record<string, number>>;
  readonly tail: Readonly<Record<string, number>>;
  readonly truncated: Readonly<Record<string, number>>;
}

export function watchTracer(registry: Registry, figures: () => TracerFigures): void {
  registry.onCollect(() => {
    const { queued, queueCapacity, exported, saved, broken, dropped, tail, truncated } = figures();
    registry.set('mizuchi_tracer_queue_spans', [], queued);
    registry.set('mizuchi_tracer_queue_capacity_spans', [], queueCapacity);
    registry.set('mizuchi_tracer_exported_spans', [], exported);
    registry.set('mizuchi_tracer_fallback_spans', [], saved);
    registry.set('mizuchi_tracer_breaker_state', [], broken ? 2 : 0);
    for (const [reason, count] of Object.entries(dropped))
      registry.set('mizuchi_tracer_dropped_spans', [reason], count);
    for (const [what, count] of Object.entries(truncated)) registry.set('mizuchi_tracer_truncated', [what], count);
    for (const [outcome, count] of Object.entries(tail)) registry.set('mizuchi_tracer_tail_traces', [outcome], count);
  });
}
