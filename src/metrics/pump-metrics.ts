/** The pump for large bodies: what it can do on this system, its transfers, and threads of it that died. */
import type { Registry } from './registry.ts';

export interface PumpFigures {
  readonly canSplice: boolean;
  readonly threads: number;
  readonly transfers: number;
}

export interface PumpMetrics {
  show(pump: PumpFigures): void;
  /** A thread has died. */
  died(): void;
}

/** Until a pump is shown, it is unavailable. */
export function watchPump(registry: Registry): PumpMetrics {
  let pump: PumpFigures | undefined;
  registry.add('mizuchi_pump_thread_deaths', [], 0);
  registry.onCollect(() => {
    const works = pump !== undefined && pump.threads > 0;
    registry.set('mizuchi_pump_available', ['splice'], works && pump!.canSplice ? 1 : 0);
    registry.set('mizuchi_pump_available', ['copy'], works ? 1 : 0);
    registry.set('mizuchi_pump_transfers', [], pump?.transfers ?? 0);
  });
  return {
    show(shown) {
      pump = shown;
    },
    died: () => registry.add('mizuchi_pump_thread_deaths', [], 1),
  };
}
