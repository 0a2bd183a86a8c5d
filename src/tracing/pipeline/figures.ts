/** What became of every span that ended: produced = exported + saved + dropped + queued, at all times. */
import { TRUNCATED, type Truncated } from '../recorder/limits.ts';
import { DROP_REASONS, type DropReason } from './drop-reason.ts';

export interface TracerStats {
  /** Spans of kept traces that have ended. */
  readonly recorded: number;
  /** Of those, the ones that are neither exported nor saved nor dropped. */
  readonly queued: number;
  /** Most spans that may be queued. */
  readonly queueCapacity: number;
  /** Spans that the collector has accepted. */
  readonly exported: number;
  /** Spans that were written to the fallback instead. */
  readonly saved: number;
  /** Whether the collector counts as gone: one batch at a time tries whether it is back. */
  readonly broken: boolean;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Traces that were kept for what became of them, by reason; and those given up before that was known, as `evicted`. */
  readonly tail: Readonly<Record<string, number>>;
  /** What was cut short or left out of spans, by what it was. */
  readonly truncated: Readonly<Record<Truncated, number>>;
}

export class Figures {
  recorded = 0;
  queued = 0;
  exported = 0;
  saved = 0;
  broken = false;
  readonly dropped = Object.fromEntries(Object.keys(DROP_REASONS).map((reason) => [reason, 0])) as Record<
    DropReason,
    number
  >;
  readonly tail: Record<string, number> = {};
  readonly truncated = Object.fromEntries(TRUNCATED.map((what) => [what, 0])) as Record<Truncated, number>;
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** A span that never reached the queue. */
  refuse(reason: DropReason): void {
    this.recorded++;
    this.dropped[reason]++;
  }

  enqueue(): void {
    this.recorded++;
    this.queued++;
  }

  /** Spans that leave the queue. */
  export(spans: number): void {
    this.queued -= spans;
    this.exported += spans;
  }

  save(spans: number): void {
    this.queued -= spans;
    this.saved += spans;
  }

  drop(spans: number, reason: DropReason): void {
    this.queued -= spans;
    this.dropped[reason] += spans;
  }

  /** @param outcome a reason to keep a trace, `evicted` or `rate_limited`. */
  tailed(outcome: string): void {
    this.tail[outcome] = (this.tail[outcome] ?? 0) + 1;
  }

  totalDropped(): number {
    return Object.values(this.dropped).reduce((sum, count) => sum + count, 0);
  }

  snapshot(): TracerStats {
    const { recorded, queued, capacity: queueCapacity, exported, saved, broken, dropped, tail } = this;
    return {
      recorded,
      queued,
      queueCapacity,
      exported,
      saved,
      broken,
      dropped: { ...dropped },
      tail: { ...tail },
      truncated: { ...this.truncated },
    };
  }
}
