/** Records what became of each batch of one signal: counts, room in the queue, and lines in the log. */
import type { DeliveryLog } from './delivery-log.ts';
import { DROP_REASONS, type DropReason } from './drop-reason.ts';
import type { ChannelEvents } from './export-channel.ts';
import type { ExportCounts } from './export-counts.ts';
import type { Batch, DeliveryResult } from './messages.ts';

/** The part of a queue that holds batches until they have a result. */
export interface BatchHolder {
  settled(id: number, memory?: ArrayBuffer): void;
}

export class DeliveryLedger implements ChannelEvents {
  /** Set once, when the queue is built: it and the exporter need each other. */
  queue: BatchHolder | undefined;
  readonly #counts: ExportCounts;
  readonly #log: DeliveryLog;

  constructor(counts: ExportCounts, log: DeliveryLog) {
    this.#counts = counts;
    this.#log = log;
  }

  settled({ id }: Batch, { exported, saved, dropped, message }: DeliveryResult, memory?: ArrayBuffer): void {
    this.queue?.settled(id, memory);
    this.#counts.export(exported);
    this.#counts.save(saved);
    for (const [reason, items] of Object.entries(dropped)) this.#counts.drop(items, reason as DropReason);
    if (saved > 0 || Object.keys(dropped).length > 0) this.#failed(message || 'the collector did not accept them');
    else this.#delivered();
    if (exported > 0 && saved === 0 && Object.keys(dropped).length === 0 && message) this.#log.warned(message);
  }

  breaker(open: boolean): void {
    this.#counts.breakerOpen = open;
  }

  lost({ id, items }: Batch): void {
    this.queue?.settled(id);
    this.#counts.drop(items, 'exporter_crashed');
  }

  /** An item that did not get into the queue. */
  refused(reason: DropReason): void {
    this.#counts.refuse(reason);
    if (reason !== 'shutdown') this.#log.overflowed(DROP_REASONS[reason]);
  }

  /** An item of the queue that could not be encoded. */
  spoiled(reason: DropReason): void {
    this.#counts.drop(1, reason);
    this.#log.overflowed(DROP_REASONS[reason]);
  }

  /** Not delivered when the process ended. */
  abandoned({ id, items }: Batch): void {
    this.queue?.settled(id);
    this.#counts.drop(items, 'shutdown');
    this.#failed('the gateway ended before they were delivered');
  }

  attemptFailed(message: string): void {
    this.#failed(message);
  }

  #delivered(): void {
    this.#counts.delivered();
    this.#log.delivered();
  }

  #failed(message: string): void {
    this.#counts.failed(message);
    this.#log.failed(message);
  }
}
