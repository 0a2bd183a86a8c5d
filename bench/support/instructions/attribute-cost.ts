/** The instructions of a thread by purpose: the cost of a function without a purpose is moved to its callers, until all has arrived. */
import type { FunctionCost, Profile } from './callgrind-profile.ts';
import { PURPOSES, type Purpose, purposeOf } from './purposes.ts';

export type Costs = Record<Purpose, number>;

/** Cycles of calls lose a part in each round; what is left after these is `other`. */
const ROUNDS = 300;

interface Share {
  readonly caller: FunctionCost;
  readonly ratio: number;
}

/** @returns instructions by the name of the function that has a purpose; those without a caller that has one are under `other`. */
export function attributeCost({ functions }: Profile): Map<string, number> {
  const purposes = new Map([...functions.values()].map((one) => [one, purposeOf(one.name)]));
  const shares = sharesOf(purposes);
  const arrived = new Map<string, number>();
  const arrive = (name: string, cost: number): void => void arrived.set(name, (arrived.get(name) ?? 0) + cost);
  let moving = new Map([...purposes.keys()].map((one) => [one, one.self]));
  for (let round = 0; round < ROUNDS && moving.size > 0; round++) {
    const next = new Map<FunctionCost, number>();
    for (const [one, cost] of moving) {
      const callers = shares.get(one);
      if (purposes.get(one) !== undefined) arrive(one.name, cost);
      else if (callers === undefined || cost < 1) arrive('other', cost);
      else for (const { caller, ratio } of callers) next.set(caller, (next.get(caller) ?? 0) + cost * ratio);
    }
    moving = next;
  }
  for (const cost of moving.values()) arrive('other', cost);
  return arrived;
}

/**
 * Calls are weighted by what they cost. Where a function calls one with a purpose, such as a callback, that says little about
 * the function: then each call weighs the same.
 */
function sharesOf(purposes: ReadonlyMap<FunctionCost, Purpose | undefined>): Map<FunctionCost, Share[]> {
  const callsBack = new Set<FunctionCost>();
  for (const [one, purpose] of purposes) {
    if (purpose !== undefined) for (const caller of one.callers.keys()) callsBack.add(caller);
  }
  const shares = new Map<FunctionCost, Share[]>();
  for (const [one] of purposes) {
    const calls = [...one.callers];
    const weights = calls.map(([, { count, instructions }]) => (callsBack.has(one) ? count : instructions));
    const sum = weights.reduce((all, weight) => all + weight, 0);
    if (sum > 0)
      shares.set(
        one,
        calls.map(([caller], i) => ({ caller, ratio: weights[i]! / sum })),
      );
  }
  return shares;
}

/** @param costs by the name of a function. */
export function sumByPurpose(costs: Iterable<readonly [string, number]>): Costs {
  const sums = Object.fromEntries(PURPOSES.map((purpose) => [purpose, 0])) as Costs;
  for (const [name, cost] of costs) sums[purposeOf(name) ?? 'other'] += cost;
  return sums;
}
