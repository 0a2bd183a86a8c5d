/** What became of every item of one signal: recorded = exported + saved + dropped + queued, at all times. */
import { DROP_REASONS, type DropReason } from './drop-reason.ts';

export interface ExportStats {
  /** Items that were ready for export. */
  readonly recorded: number;
  /** Of those, the ones that are neither exported nor saved nor dropped. */
  readonly queued: number;
  /** Most items that may be queued. */
  readonly queueCapacity: number;
  /** Items that the collector has accepted. */
  readonly exported: number;
  /** Items that were written to the fallback instead. */
  readonly saved: number;
  /** Whether the circuit breaker is open: one batch at a time tests whether the collector is back. */
  readonly breakerOpen: boolean;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** When the collector last accepted a whole batch, in milliseconds of Unix time; undefined before the first. */
  readonly deliveredAt: number | undefined;
  /** The last attempt that failed. */
  readonly failure: ExportFailure | undefined;
}

export interface ExportFailure {
  /** Unix time in milliseconds. */
  readonly at: number;
  /** Printable, without secrets. */
  readonly message: string;
}

export class ExportCounts {
  recorded = 0;
  queued = 0;
  exported = 0;
  saved = 0;
  breakerOpen = false;
  deliveredAt: number | undefined;
  failure: ExportFailure | undefined;
  readonly dropped = Object.fromEntries(Object.keys(DROP_REASONS).map((reason) => [reason, 0])) as Record<
    DropReason,
    number
  >;
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** An item that never reached the queue. */
  refuse(reason: DropReason): void {
    this.recorded++;
    this.dropped[reason]++;
  }

  enqueue(items = 1): void {
    this.recorded += items;
    this.queued += items;
  }

  /** Items that leave the queue. */
  export(items: number): void {
    this.queued -= items;
    this.exported += items;
  }

  save(items: number): void {
    this.queued -= items;
    this.saved += items;
  }

  drop(items: number, reason: DropReason): void {
    this.queued -= items;
    this.dropped[reason] += items;
  }

  delivered(): void {
    this.deliveredAt = Date.now();
  }

  failed(message: string): void {
    this.failure = { at: Date.now(), message };
  }

  totalDropped(): number {
    return Object.values(this.dropped).reduce((sum, count) => sum + count, 0);
  }

  snapshot(): ExportStats {
    const { recorded, queued, capacity: queueCapacity, exported, saved, breakerOpen, deliveredAt, failure } = this;
    const dropped = { ...this.dropped };
    return { recorded, queued, queueCapacity, exported, saved, breakerOpen, dropped, deliveredAt, failure };
  }
}
