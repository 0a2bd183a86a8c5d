/** Functions in one process against each other: CPU of one call, measured in short turns in random order. */
import { type Random, shuffled } from './statistics.ts';

export interface Call {
  readonly name: string;
  /** Makes so many calls. A promise, if there is one, is for all of them. */
  run(calls: number): void | Promise<void>;
}

export interface CallPlan {
  /** Milliseconds that a turn is to take, about. */
  readonly millis: number;
  /** Rounds beforehand that are not counted: V8's compiler is at work in them. */
  readonly warmUp: number;
  readonly rounds: number;
}

/** @returns for each function, in their order, the CPU of one call in each round, in microseconds, of the whole process. */
export async function measureCalls(calls: readonly Call[], plan: CallPlan, random: Random): Promise<number[][]> {
  const costs = calls.map((): number[] => []);
  const counts = calls.map(() => 1);
  for (let round = 1; round <= plan.warmUp + plan.rounds; round++) {
    for (const i of shuffled([...calls.keys()], random)) {
      const { cost, millis } = await turn(calls[i]!, counts[i]!);
      if (round > plan.warmUp) costs[i]!.push(cost);
      else counts[i] = nextCount(counts[i]!, millis, plan.millis);
    }
  }
  return costs;
}

async function turn(call: Call, count: number): Promise<{ cost: number; millis: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  const running = call.run(count);
  if (running !== undefined) await running;
  const { user, system } = process.cpuUsage(before);
  return { cost: (user + system) / count, millis: performance.now() - started };
}

/** Towards as many calls as fill a turn, with steps that one slow turn cannot lead astray. */
function nextCount(count: number, millis: number, wanted: number): number {
  const factor = Math.min(8, Math.max(0.5, wanted / Math.max(millis, 0.001)));
  return Math.max(1, Math.round(count * factor));
}
