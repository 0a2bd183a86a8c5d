/** Books what became of each batch: figures, room in the queue, and what the operator hears of it. */
import type { BatchEvents, BatchQueue } from './batch-queue.ts';
import { DROP_REASONS, type DropReason } from './drop-reason.ts';
import type { LinkEvents } from './exporter-link.ts';
import type { Figures } from './figures.ts';
import type { Batch, Settlement } from './messages.ts';
import type { TroubleLog } from './trouble-log.ts';

export class Settler implements LinkEvents, BatchEvents {
  /** Set once, when the queue is built: it and the exporter need each other. */
  queue: BatchQueue | undefined;
  readonly #figures: Figures;
  readonly #trouble: TroubleLog;

  constructor(figures: Figures, trouble: TroubleLog) {
    this.#figures = figures;
    this.#trouble = trouble;
  }

  settled({ id }: Batch, { exported, saved, dropped, message }: Settlement, memory?: ArrayBuffer): void {
    this.queue?.settled(id, memory);
    this.#figures.export(exported);
    this.#figures.save(saved);
    for (const [reason, spans] of Object.entries(dropped)) this.#figures.drop(spans, reason as DropReason);
    if (saved > 0 || Object.keys(dropped).length > 0)
      this.#trouble.failed(message || 'the collector did not take them');
    else this.#trouble.delivered();
    if (exported > 0 && saved === 0 && Object.keys(dropped).length === 0 && message) this.#trouble.warned(message);
  }

  /** Whether the collector counts as gone. */
  broken(broken: boolean): void {
    this.#figures.broken = broken;
  }

  lost({ id, spans }: Batch): void {
    this.queue?.settled(id);
    this.#figures.drop(spans, 'exporter_crashed');
  }

  /** A span that did not get into the queue. */
  refused(reason: DropReason): void {
    this.#figures.refuse(reason);
    if (reason !== 'shutdown') this.#trouble.overflowed(DROP_REASONS[reason]);
  }

  /** A span of the queue that could not be encoded. */
  spoiled(reason: DropReason): void {
    this.#figures.drop(1, reason);
    this.#trouble.overflowed(DROP_REASONS[reason]);
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
