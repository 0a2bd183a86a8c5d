/** Figures as text for a terminal: the ratios of the contestants, and the words around them. */
import type { Contestant } from './contestants.ts';
import type { Costs } from './rounds.ts';
import { type Interval, median, medianInterval, type Random } from './statistics.ts';

export interface Comparison {
  readonly contestant: Contestant;
  /** Median over the rounds of all heats of: CPU per request by that of the first contestant in the same round. */
  readonly ratio: number;
  /** 95 % interval of it. */
  readonly interval: Interval;
  /** Median CPU of one request, in microseconds: of the whole process, and of the thread that serves requests. */
  readonly all: number;
  readonly main: number;
}

/** The first contestant is the one that the others are compared with. */
export function compare(contestants: readonly Contestant[], heats: readonly Costs[], random: Random): Comparison[] {
  return contestants.map((contestant, i) => {
    const ratios = heats.map((costs) => costs[i]!.map(({ all }, round) => all / costs[0]![round]!.all));
    const own = heats.flatMap((costs) => costs[i]!);
    return {
      contestant,
      ratio: median(ratios.flat()),
      interval: medianInterval(ratios, random),
      all: median(own.map(({ all }) => all)),
      main: median(own.map(({ main }) => main)),
    };
  });
}

/** Columns as wide as they need; the first one flush left, the others flush right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!);
  return rows.map((row) => `  ${row.map(pad).join('   ').trimEnd()}\n`).join('');
}

/** `×1.034 [1.021, 1.047]` */
export function ratioText({ ratio, interval }: Comparison): string {
  return `×${ratio.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
}

/** `+3.4 %` */
export function percent(ratio: number): string {
  const more = (ratio - 1) * 100;
  return `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)} %`;
}
