/** The way of one signal from its items to the exporter thread: queue, counts, channel, and the lines in the log about it. */
import type { Log } from '../domain/log.ts';
import { type BatchLimits, BatchQueue, type ItemEncoder } from './batch-queue.ts';
import { DeliveryLedger } from './delivery-ledger.ts';
import { DeliveryLog } from './delivery-log.ts';
import type { ExportCounts } from './export-counts.ts';
import type { ExporterLink } from './exporter-link.ts';
import type { ExportSettings } from './messages.ts';
import type { Signal } from './signal.ts';

export interface PipelineParts<Item> {
  readonly signal: Signal;
  readonly link: ExporterLink;
  readonly settings: ExportSettings;
  readonly limits: BatchLimits;
  readonly counts: ExportCounts;
  readonly encoder: ItemEncoder<Item>;
  readonly log: Log;
  /** For the log; it holds no secret. */
  readonly destination: string;
}

export interface Pipeline<Item> {
  readonly queue: BatchQueue<Item>;
  /** Delivers the queue, or drops and counts its items. Takes no longer than `timeoutMillis`, never rejects. Safe twice. */
  shutdown(timeoutMillis: number): Promise<void>;
}

export function openPipeline<Item>(parts: PipelineParts<Item>): Pipeline<Item> {
  const { signal, link, settings, limits, counts, encoder, destination } = parts;
  const log = new DeliveryLog(parts.log, counts, signal, destination);
  const ledger = new DeliveryLedger(counts, log);
  const channel = link.open(signal, settings, ledger);
  const queue = new BatchQueue(limits, { counts, encoder, target: channel, events: ledger });
  ledger.queue = queue;
  const shutdown = async (timeoutMillis: number): Promise<void> => {
    queue.close();
    for (const batch of await channel.close(timeoutMillis)) ledger.abandoned(batch);
    log.ended();
  };
  let ending: Promise<void> | undefined;
  return { queue, shutdown: (timeoutMillis) => (ending ??= shutdown(timeoutMillis)) };
}
