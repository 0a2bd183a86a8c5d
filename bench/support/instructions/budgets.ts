/** The budget of each purpose, in thousands of instructions per upload, in a file of data. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Count } from './count-uploads.ts';
import { PURPOSES } from './purposes.ts';
import { isCounted, sumOf } from './report.ts';

const FILE = new URL('./budgets.json', import.meta.url);
/** What a purpose may exceed its budget by. */
const RATIO = 1.05;
/** The same in thousands of instructions, for small purposes. */
const LEAST = 1;

type Budgets = Record<string, Record<string, number>>;

/** Of the serving thread by purpose, and of the exporter thread. */
function budgetsOf({ serving, exporter }: Count): Record<string, number> {
  const purposes = PURPOSES.filter(isCounted).map((purpose) => [purpose, thousands(serving[purpose])] as const);
  const sent = exporter === undefined ? [] : [['exporter thread', thousands(sumOf(exporter))] as const];
  return Object.fromEntries([...purposes, ...sent]);
}

const thousands = (instructions: number): number => Math.round(instructions / 100) / 10;

export function setBudgets(counts: readonly Count[]): void {
  const budgets = Object.fromEntries(counts.filter(isBudgeted).map((count) => [count.name, budgetsOf(count)]));
  writeFileSync(FILE, `${JSON.stringify(budgets, undefined, 2)}\n`);
}

const isBudgeted = ({ name }: Count): boolean => name !== 'again';

/** @returns a sentence for each purpose that exceeds its budget in all attempts, or has none. Gateways without budgets are left out. */
export function exceeded(attempts: readonly (readonly Count[])[]): string[] {
  const budgets = JSON.parse(readFileSync(FILE, 'utf8')) as Budgets;
  const [first = [], ...others] = attempts.map((counts) =>
    counts.filter(isBudgeted).flatMap((count) => over(count, budgets)),
  );
  return first
    .filter(({ id }) => others.every((problems) => problems.some((problem) => problem.id === id)))
    .map(({ id, text }) => `${id}: ${text}`);
}

function over(count: Count, budgets: Budgets): { id: string; text: string }[] {
  const own = budgets[count.name];
  if (own === undefined) return [];
  return Object.entries(budgetsOf(count)).flatMap(([purpose, cost]) => {
    const id = `${count.name}, ${purpose}`;
    const budget = own[purpose];
    if (budget === undefined) return [{ id, text: 'no budget, run with --set-budgets' }];
    if (cost <= Math.max(budget * RATIO, budget + LEAST)) return [];
    return [{ id, text: `${cost} k instructions per upload, budget ${budget} k` }];
  });
}
