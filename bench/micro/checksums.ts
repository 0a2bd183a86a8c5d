/**
 * What checksums cost: CPU for each GiB of an object, of every algorithm that S3 clients use.
 *
 *   npm run bench -- checksums [--seed N] [--smoke]
 *
 * Pieces of 64 KiB, as sockets give them; all take turns in one process. Set against a copy of the same bytes, which is the
 * least that a proxy could do with them.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { CHECKSUMS, type ChecksumName } from '../../src/body/checksum.ts';
import { type Call, measureCalls } from '../support/calls.ts';
import { seededRandom } from '../support/statistics.ts';
import { type Estimate, estimateOf, ratioText, table } from '../support/table.ts';

const PIECE = 64 * 1024;
const PIECES_IN_GIB = 1024 ** 3 / PIECE;

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, smoke: { type: 'boolean', default: false } },
});
const random = seededRandom(Number(values.seed));
const plan = values.smoke ? { millis: 5, warmUp: 3, rounds: 3 } : { millis: 25, warmUp: 20, rounds: 60 };
// More than the processor's caches hold of it at once, so that the bytes have to come from memory as those of uploads do.
const pieces = Array.from({ length: 256 }, () => randomBytes(PIECE));

async function checksum(name: ChecksumName): Promise<Call> {
  const sum = await CHECKSUMS[name].create();
  let next = 0;
  return {
    name,
    run: (calls) => {
      for (let i = 0; i < calls; i++) sum.update(pieces[next++ % pieces.length]!);
    },
  };
}

function copying(name: string): Call {
  const target = Buffer.alloc(PIECE);
  let next = 0;
  return {
    name,
    run: (calls) => {
      for (let i = 0; i < calls; i++) pieces[next++ % pieces.length]!.copy(target);
    },
  };
}

const calls = [copying('a copy'), copying('a copy, again')];
for (const name of Object.keys(CHECKSUMS) as ChecksumName[]) calls.push(await checksum(name));
const costs = await measureCalls(calls, plan, random);
const inGib = (micros: number): string => ((micros * PIECES_IN_GIB) / 1e6).toFixed(2);
const seconds = ({ median, interval }: Estimate): string =>
  `${inGib(median)} [${inGib(interval.low)}, ${inGib(interval.high)}]`;
const rows = calls.map(({ name }, i) => {
  const ratio = costs[i]!.map((cost, round) => cost / costs[0]![round]!);
  return [name, seconds(estimateOf([costs[i]!], random)), ratioText(estimateOf([ratio], random))];
});
console.log(`CPU for each GiB (${plan.rounds} rounds of turns of ${plan.millis} ms)\n`);
console.log(table([['', 's/GiB [95 % interval]', 'by a copy'], ...rows]));
if (values.smoke) console.log('smoke run: the figures mean nothing');
