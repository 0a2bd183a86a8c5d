/** What became of every span that ended, and of every trace that tail sampling held back. */
import { ExportCounts, type ExportStats } from '../export/export-counts.ts';
import { TRUNCATED, type Truncated } from './recorder/limits.ts';

export interface TracerStats extends ExportStats {
  /** Traces that were kept by tail sampling, by reason; and those evicted before a decision, as `evicted`. */
  readonly tail: Readonly<Record<string, number>>;
  /** Values that were shortened and attributes that were left out. */
  readonly truncated: Readonly<Record<Truncated, number>>;
}

export class TracerFigures extends ExportCounts {
  readonly tail: Record<string, number> = {};
  readonly truncated = Object.fromEntries(TRUNCATED.map((what) => [what, 0])) as Record<Truncated, number>;

  /** @param outcome a reason to keep a trace, `evicted` or `rate_limited`. */
  tailed(outcome: string): void {
    this.tail[outcome] = (this.tail[outcome] ?? 0) + 1;
  }

  /** Values that are truncated by an encoder for other readers do not count again. */
  withoutTruncations(encode: () => void): void {
    const before = { ...this.truncated };
    encode();
    Object.assign(this.truncated, before);
  }

  override snapshot(): TracerStats {
    return { ...super.snapshot(), tail: { ...this.tail }, truncated: { ...this.truncated } };
  }
}
