/** What one race has measured: CPU and time of one request of each contestant, and the ratio of two contestants in the same round. */
import { AGAIN, type BodyContestant, streamed } from './body-contestants.ts';
import type { Race } from './body-races.ts';
import type { Cost, Costs } from './rounds.ts';
import { median, type Random } from './statistics.ts';
import { type Estimate, estimateOf } from './table.ts';

export class RaceResult {
  readonly contestants: readonly BodyContestant[];
  readonly size: number;
  readonly #heats: readonly Costs[];
  readonly #random: Random;
  readonly #ratios = new Map<string, Estimate>();

  /** @param heats of each heat, the costs of the contestants in their order. */
  constructor({ contestants, plan }: Race, heats: readonly Costs[], random: Random) {
    this.contestants = contestants;
    this.size = plan.load.size;
    this.#heats = heats;
    this.#random = random;
  }

  has(name: string): boolean {
    return this.#indexOf(name) >= 0;
  }

  /** CPU of the one relative to the other. Each ratio is estimated once. */
  ratio(name: string, by: string): Estimate {
    const key = `${name}\n${by}`;
    const known = this.#ratios.get(key) ?? this.#estimate(this.#indexOf(name), this.#indexOf(by));
    this.#ratios.set(key, known);
    return known;
  }

  /** Two gateways that do the same. */
  get noise(): Estimate {
    return this.ratio(AGAIN, streamed('plain'));
  }

  /** Median CPU of one request, in microseconds. */
  cpu(name: string): number {
    return this.#median(name, ({ all }) => all);
  }

  /** Median time of one request, in microseconds: the time of a turn divided by its requests. */
  clock(name: string): number {
    return this.#median(name, ({ clock }) => clock);
  }

  #median(name: string, of: (cost: Cost) => number): number {
    const index = this.#indexOf(name);
    return median(this.#heats.flatMap((costs) => costs[index]!.map(of)));
  }

  #estimate(index: number, by: number): Estimate {
    const ratios = this.#heats.map((costs) => costs[index]!.map(({ all }, round) => all / costs[by]![round]!.all));
    return estimateOf(ratios, this.#random);
  }

  #indexOf(name: string): number {
    return this.contestants.findIndex((one) => one.name === name);
  }
}
