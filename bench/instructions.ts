/**
 * The instructions of one upload by purpose, without tracing and with tracing over both protocols, and whether each keeps its budget.
 *
 *   npm run bench -- instructions [--check | --set-budgets] [--only WORD] [--functions N] [--write] [--smoke]
 *
 * The gateway runs under callgrind, a tool of Valgrind that counts the instructions of user space; the kernel is not counted. Other
 * load of the machine makes hardly a difference to a count. Uploads are PUTs of 1 KiB with AWS Signature Version 4, and OPA
 * allows each of them. The log is at level `info`. Uploads of the warm-up are not counted. V8 optimizes a function after fewer calls
 * than usual, and at once: otherwise the warm-up would take ten minutes. A figure is the median of three periods.
 *
 * Each function has a purpose, by the file that has its source (bench/support/instructions/purposes.ts). Functions without a purpose,
 * such as the built-in functions of V8, count for their callers. This is exact for a function that calls no other, and otherwise an
 * estimate. The work of V8's compiler and of garbage collection depends on time, so both are listed, but not part of any sum.
 *
 * Column `again` is the same gateway in a second process: the ratio is the noise. Figures of a busy machine are as good, but take longer.
 *
 * --check         fails if a purpose exceeds its budget in bench/support/instructions/budgets.json by more than 5 %, also when it is
 *                 counted a second time
 * --set-budgets   writes that file
 * --only          only gateways with this word in their name, and the untraced one
 * --functions     lists this number of functions of each gateway
 * --write         writes the figures to docs/performance.md
 * --smoke         a few uploads to check that everything runs; the figures are meaningless
 */
import { parseArgs } from 'node:util';
import { exceeded, setBudgets } from './support/instructions/budgets.ts';
import {
  type Count,
  countUploads,
  FULL,
  GATEWAYS,
  type Helpers,
  openHelpers,
  SMOKE,
} from './support/instructions/count-uploads.ts';
import { functionsText, reportText } from './support/instructions/report.ts';
import { writeFigures } from './support/page-figures.ts';

/** Under callgrind a gateway keeps one CPU busy. */
const AT_ONCE = 2;

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    'set-budgets': { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    functions: { type: 'string', default: '0' },
    write: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const counts = await countAll();
  const text = reportText(counts);
  console.log(text);
  console.log(functionsText(counts, Number(values.functions)));
  if (values.smoke) console.log('smoke run: the figures mean nothing');
  else await finish(counts, text);
}

async function finish(counts: readonly Count[], text: string): Promise<void> {
  if (values.write) writeFigures('instructions', text);
  if (values['set-budgets']) setBudgets(counts);
  if (!values.check) return;
  let problems = exceeded([counts]);
  if (problems.length > 0) problems = exceeded([counts, await countAll()]); // two processes are rarely both unlucky
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log('every purpose keeps its budget');
}

async function countAll(): Promise<Count[]> {
  const helpers = await openHelpers();
  try {
    return await inLanes(helpers);
  } finally {
    await helpers.close();
  }
}

/** @returns the counts in the order of the gateways. */
async function inLanes(helpers: Helpers): Promise<Count[]> {
  const chosen = GATEWAYS.filter(
    ({ name, isAgain }) => name === 'untraced' || (name.includes(values.only) && !(isAgain && values.check)),
  );
  const counts: Count[] = [];
  const waiting = [...chosen.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      counts[next[0]] = await countUploads(next[1], helpers, values.smoke ? SMOKE : FULL);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return counts;
}

await main();
