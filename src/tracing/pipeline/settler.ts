/** Books what became of each batch: figures, room in the queue, and what the operator hears of it. */
import type { BatchQueue } from './batch-queue.ts';
import type { LinkEvents } from './exporter-link.ts';
import type { Figures } from './figures.ts';
import type { Batch, Settlement } from './messages.ts';
import type { TroubleLog } from './trouble-log.ts';

export class Settler implements LinkEvents {
  /** Set once, when the queue is built: it and the exporter need each other. */
  queue: BatchQueue | undefined;
  readonly #figures: Figures;
  readonly #trouble: TroubleLog;

  constructor(figures: Figures, trouble: TroubleLog) {
    this.#figures = figures;
    this.#trouble = trouble;
  }

  settled({ id }: Batch, { exported, dropped, reason, message }: Settlement): void {
    this.queue?.settled(id);
    this.#figures.export(exported);
    if (dropped > 0) this.#figures.drop(dropped, reason);
    if (dropped > 0 || message) this.#trouble.failed(message || 'the collector rejected spans');
    else this.#trouble.delivered();
  }

  lost({ id, spans }: Batch): void {
    this.queue?.settled(id);
    this.#figures.drop(spans, 'exporter_crashed');
  }

  /** Not delivered when the process ended. */
  abandoned({ id, spans }: Batch): void {
    this.queue?.settled(id);
    this.#figures.drop(spans, 'shutdown');
    this.#trouble.failed('the gateway ended before they were delivered');
  }

  trouble(message: string): void {
    this.#trouble.failed(message);
  }
}
