/**
 * The cost of checksums: CPU for each GiB of an object, for each algorithm that S3 clients use.
 *
 *   npm run bench -- checksums [--seed N] [--smoke]
 *
 * All algorithms take turns in one process, with pieces of 64 KiB as sockets deliver them. They are compared with a copy of the same
 * bytes, which is the least that a proxy could do with them. CRC32 and CRC32C are also compared with the implementations that take
 * their place where the native addon cannot be loaded.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import { createCRC32 } from 'hash-wasm';
import { CHECKSUMS, type ChecksumName } from '../../src/body/checksum.ts';
import { loadNativeCrcs } from '../../src/body/native-crc.ts';
import { type Call, measureCalls } from '../support/calls.ts';
import { seededRandom } from '../support/statistics.ts';
import { type Estimate, estimateOf, ratioText, table } from '../support/table.ts';

const PIECE = 64 * 1024;
const PIECES_IN_GIB = 1024 ** 3 / PIECE;
const CASTAGNOLI = 0x82f63b78;
const ZLIB = 'crc32 by zlib';
const WASM = 'crc32c by WebAssembly';
const FALLBACKS: Readonly<Record<string, string>> = { crc32: ZLIB, crc32c: WASM };

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, smoke: { type: 'boolean', default: false } },
});
const random = seededRandom(Number(values.seed));
const plan = values.smoke ? { millis: 5, warmUp: 3, rounds: 3 } : { millis: 25, warmUp: 20, rounds: 60 };
// More than the processor's caches hold, so that the bytes come from memory as those of uploads do.
const pieces = Array.from({ length: 256 }, () => randomBytes(PIECE));

function onPieces(name: string, use: (piece: Buffer) => void): Call {
  let next = 0;
  return {
    name,
    run: (calls) => {
      for (let i = 0; i < calls; i++) use(pieces[next++ % pieces.length]!);
    },
  };
}

function copying(name: string): Call {
  const target = Buffer.alloc(PIECE);
  return onPieces(name, (piece) => void piece.copy(target));
}

async function checksum(name: ChecksumName): Promise<Call> {
  const sum = await CHECKSUMS[name].create();
  return onPieces(name, (piece) => sum.update(piece));
}

async function fallbacks(): Promise<Call[]> {
  const wasm = (await createCRC32(CASTAGNOLI)).init();
  let value = 0;
  const zlib = onPieces(ZLIB, (piece) => {
    value = crc32(piece, value);
  });
  return [zlib, onPieces(WASM, (piece) => void wasm.update(piece))];
}

const calls = [copying('a copy'), copying('a copy, again'), ...(await fallbacks())];
for (const name of Object.keys(CHECKSUMS) as ChecksumName[]) calls.push(await checksum(name));
const costs = await measureCalls(calls, plan, random);
const inGib = (micros: number): string => ((micros * PIECES_IN_GIB) / 1e6).toFixed(2);
const seconds = ({ median, interval }: Estimate): string =>
  `${inGib(median)} [${inGib(interval.low)}, ${inGib(interval.high)}]`;
const ratio = (costsOfOne: readonly number[], base: string): string => {
  const costsOfBase = costs[calls.findIndex(({ name }) => name === base)]!;
  return ratioText(estimateOf([costsOfOne.map((cost, round) => cost / costsOfBase[round]!)], random));
};
const rows = calls.map(({ name }, i) => {
  const fallback = FALLBACKS[name];
  const compared = fallback === undefined ? '' : ratio(costs[i]!, fallback);
  return [name, seconds(estimateOf([costs[i]!], random)), ratio(costs[i]!, 'a copy'), compared];
});
console.log(`CPU for each GiB (${plan.rounds} rounds of turns of ${plan.millis} ms)`);
console.log(`The native addon ${(await loadNativeCrcs()) === undefined ? 'could not be loaded' : 'is loaded'}.\n`);
console.log(table([['', 's/GiB [95 % interval]', 'to a copy', 'to the fallback'], ...rows]));
if (values.smoke) console.log('This was a smoke run; the figures are meaningless.');
