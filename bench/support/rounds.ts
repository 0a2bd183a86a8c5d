/**
 * Rounds of many short turns: in a round each contestant is loaded as often as the others, in an order that is drawn anew
 * again and again. The speed of a shared machine changes by a factor of two from one second to the next; turns of a few
 * hundredths of a second spread that over all alike. A round is long enough for each to pay for its exports and its garbage.
 */
import type { Arena, Load } from './arena.ts';
import type { Contestant } from './contestant.ts';
import type { Cpu } from './gateway-process.ts';
import { type Random, shuffled } from './statistics.ts';

/** For each contestant, in their order, the CPU of one request in each round, in microseconds. */
export type Costs = readonly (readonly Cpu[])[];

export interface Plan {
  /** One turn. */
  readonly load: Load;
  /** Turns of each contestant in one round. */
  readonly turns: number;
  /** Rounds beforehand that are not counted: V8's compiler is at work in them. */
  readonly warmUp: number;
  readonly rounds: number;
}

/** @param onRound called before each round with its number and how many there are. */
export async function runRounds(
  arena: Arena,
  contestants: readonly Contestant[],
  plan: Plan,
  random: Random,
  onRound: (round: number, of: number) => void,
): Promise<Costs> {
  const costs = contestants.map((): Cpu[] => []);
  const total = plan.warmUp + plan.rounds;
  for (let round = 1; round <= total; round++) {
    onRound(round, total);
    const requests = await playRound(arena, contestants, plan, random);
    for (const [i, contestant] of contestants.entries()) {
      const { all, main } = await arena.cpu(contestant);
      const count = requests.get(contestant)!;
      if (round > plan.warmUp) costs[i]!.push({ all: all / count, main: main / count });
    }
  }
  return costs;
}

/** @returns how many requests each contestant has answered. */
async function playRound(
  arena: Arena,
  contestants: readonly Contestant[],
  { load, turns }: Plan,
  random: Random,
): Promise<Map<Contestant, number>> {
  const requests = new Map<Contestant, number>();
  for (let turn = 0; turn < turns; turn++) {
    for (const contestant of shuffled(contestants, random)) {
      requests.set(contestant, (requests.get(contestant) ?? 0) + (await arena.turn(contestant, load)));
    }
  }
  return requests;
}
