/** Figures as text for a terminal: the ratios of the contestants, and the words around them. */
import type { Contestant } from './contestants.ts';
import type { Costs } from './rounds.ts';
import { type Interval, median, medianInterval, type Random } from './statistics.ts';

export interface Comparison {
  readonly contestant: Contestant;
  readonly ratio: Ratio;
  /** Median CPU of one request, in microseconds: of the whole process, and of the thread that serves requests. */
  readonly all: number;
  readonly main: number;
}

/** A median over the rounds of all heats, and its 95 % interval. */
export interface Ratio {
  readonly median: number;
  readonly interval: Interval;
}

/** Each contestant's CPU per request by the mean of the untraced ones' in the same round. */
export function compare(contestants: readonly Contestant[], heats: readonly Costs[], random: Random): Comparison[] {
  const untraced = [...contestants.keys()].filter((i) => contestants[i]!.tracer === 'none');
  const base = (costs: Costs, round: number): number =>
    untraced.reduce((sum, i) => sum + costs[i]![round]!.all, 0) / untraced.length;
  return contestants.map((contestant, i) => {
    const own = heats.flatMap((costs) => costs[i]!);
    return {
      contestant,
      ratio: ratioOf(heats, (costs, round) => costs[i]![round]!.all / base(costs, round), random),
      all: median(own.map(({ all }) => all)),
      main: median(own.map(({ main }) => main)),
    };
  });
}

/** What the second contestant, which does the same as the first, takes more. */
export function noise(heats: readonly Costs[], random: Random): Ratio {
  return ratioOf(heats, ([first, second], round) => second![round]!.all / first![round]!.all, random);
}

function ratioOf(heats: readonly Costs[], of: (costs: Costs, round: number) => number, random: Random): Ratio {
  const ratios = heats.map((costs) => costs[0]!.map((_, round) => of(costs, round)));
  return { median: median(ratios.flat()), interval: medianInterval(ratios, random) };
}

/** Columns as wide as they need; the first one flush left, the others flush right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!);
  return rows.map((row) => `  ${row.map(pad).join('   ').trimEnd()}\n`).join('');
}

/** `×1.034 [1.021, 1.047]` */
export function ratioText({ median: middle, interval }: Ratio): string {
  return `×${middle.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
}

/** `+3.4 %` */
export function percent(ratio: number): string {
  const more = (ratio - 1) * 100;
  return `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)} %`;
}
