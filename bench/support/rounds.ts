/**
 * Rounds of many short turns: in a round each contestant is loaded as often as the others, in an order that is drawn anew
 * again and again. The speed of a shared machine changes by a factor of two from one second to the next; turns of a few
 * hundredths of a second spread that over all alike. A round is long enough for each to pay for its exports and its garbage.
 */
import type { Arena, Load } from './arena.ts';
import type { Contestant } from './contestant.ts';
import type { Cpu } from './gateway-process.ts';
import { type Random, shuffled } from './statistics.ts';

/** Of one request, in microseconds. */
export interface Cost extends Cpu {
  /** Time on the clock, by the requests that were answered in it: less than one takes where several are under way. */
  readonly clock: number;
}

/** For each contestant, in their order, what one request cost in each round. */
export type Costs = readonly (readonly Cost[])[];

export interface Plan {
  /** One turn. */
  readonly load: Load;
  /** Turns of each contestant in one round. */
  readonly turns: number;
  /** Rounds beforehand that are not counted: V8's compiler is at work in them. */
  readonly warmUp: number;
  /** CPU is measured around each turn. Otherwise that between turns counts, too: exports, and the timers of an idle gateway. */
  readonly turnsOnly?: boolean;
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
  const costs = contestants.map((): Cost[] => []);
  const total = plan.warmUp + plan.rounds;
  for (let round = 1; round <= total; round++) {
    onRound(round, total);
    const played = await playRound(arena, contestants, plan, random);
    if (round <= plan.warmUp) continue;
    for (const [i, { requests, all, main, clock }] of played.entries()) {
      costs[i]!.push({ all: all / requests, main: main / requests, clock: clock / requests });
    }
  }
  return costs;
}

/** In microseconds. */
interface Played {
  requests: number;
  all: number;
  main: number;
  clock: number;
}

/** @returns what was played with each contestant, in their order. */
async function playRound(
  arena: Arena,
  contestants: readonly Contestant[],
  { load, turns, turnsOnly = false }: Plan,
  random: Random,
): Promise<Played[]> {
  const played = contestants.map((): Played => ({ requests: 0, all: 0, main: 0, clock: 0 }));
  const count = async (i: number): Promise<void> => {
    const { all, main } = await arena.cpu(contestants[i]!);
    played[i]!.all += all;
    played[i]!.main += main;
  };
  for (let turn = 0; turn < turns; turn++) {
    for (const i of shuffled([...contestants.keys()], random)) {
      if (turnsOnly) await arena.cpu(contestants[i]!); // discards the CPU since the last turn
      const started = performance.now();
      played[i]!.requests += await arena.turn(contestants[i]!, load);
      played[i]!.clock += (performance.now() - started) * 1000;
      if (turnsOnly) await count(i);
    }
  }
  if (!turnsOnly) for (const i of contestants.keys()) await count(i);
  return played;
}
