/** Figures as text for a terminal: what the contestants cost by each other, and the words around it. */
import type { Contestant } from './contestant.ts';
import type { Costs } from './rounds.ts';
import { type Interval, median, medianInterval, type Random } from './statistics.ts';

export interface Comparison<C extends Contestant> {
  readonly contestant: C;
  /** CPU of one request by that of those it is set against. */
  readonly ratio: Estimate;
  /** The same as a difference, in microseconds. */
  readonly difference: Estimate;
  /** Median CPU of one request, in microseconds: of the whole process, and of the thread that serves requests. */
  readonly all: number;
  readonly main: number;
}

/** A median over the rounds of all heats, and its 95 % interval. */
export interface Estimate {
  readonly median: number;
  readonly interval: Interval;
}

/** Each contestant's CPU per request by the mean of those it is set against in the same round. */
export function compare<C extends Contestant>(
  contestants: readonly C[],
  heats: readonly Costs[],
  random: Random,
): Comparison<C>[] {
  return contestants.map((contestant, i) => {
    const own = heats.flatMap((costs) => costs[i]!);
    const others = contestant.against.map((name) => contestants.findIndex((one) => one.name === name));
    const base = (costs: Costs, round: number): number =>
      others.reduce((sum, other) => sum + costs[other]![round]!.all, 0) / others.length;
    return {
      contestant,
      ratio: estimate(heats, (costs, round) => costs[i]![round]!.all / base(costs, round), random),
      difference: estimate(heats, (costs, round) => costs[i]![round]!.all - base(costs, round), random),
      all: median(own.map(({ all }) => all)),
      main: median(own.map(({ main }) => main)),
    };
  });
}

/** What the second contestant, which does the same as the first, takes more. */
export function noise(heats: readonly Costs[], random: Random): Estimate {
  return ratioOf(heats, 1, 0, random);
}

/** CPU per request of one contestant by that of another in the same round. @param index and @param by in the order of the costs. */
export function ratioOf(heats: readonly Costs[], index: number, by: number, random: Random): Estimate {
  return estimate(heats, (costs, round) => costs[index]![round]!.all / costs[by]![round]!.all, random);
}

function estimate(heats: readonly Costs[], of: (costs: Costs, round: number) => number, random: Random): Estimate {
  return estimateOf(
    heats.map((costs) => costs[0]!.map((_, round) => of(costs, round))),
    random,
  );
}

/** Of a ratio, seen from the other side. */
export function inverse({ median: middle, interval: { low, high } }: Estimate): Estimate {
  return { median: 1 / middle, interval: { low: 1 / high, high: 1 / low } };
}

/** @param groups values that have something in common, such as those of one heat. */
export function estimateOf(groups: readonly (readonly number[])[], random: Random): Estimate {
  return { median: median(groups.flat()), interval: medianInterval(groups, random) };
}

/** Whether a figure stays below what was aimed at, and whether that is certain. */
export function verdict({ median: middle, interval }: Estimate, target: number): string {
  const unsure = interval.low < target && interval.high > target ? ', but not certainly' : '';
  return (middle < target ? 'met' : 'missed') + unsure;
}

/** Columns as wide as they need; the first one flush left, the others flush right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!);
  return rows.map((row) => `  ${row.map(pad).join('   ').trimEnd()}\n`).join('');
}

/** `×1.034 [1.021, 1.047]` */
export function ratioText({ median: middle, interval }: Estimate): string {
  return `×${middle.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
}

/** `+3.4 %` */
export function percent(ratio: number): string {
  return `${signed((ratio - 1) * 100)} %`;
}

/** `+31.2 [+28.0, +35.1]` */
export function differenceText({ median: middle, interval }: Estimate): string {
  return `${signed(middle)} [${signed(interval.low)}, ${signed(interval.high)}]`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

/** `31.2 [28.0, 35.1]` */
export function microsText({ median: middle, interval }: Estimate): string {
  return `${middle.toFixed(1)} [${interval.low.toFixed(1)}, ${interval.high.toFixed(1)}]`;
}
