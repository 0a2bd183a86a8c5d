/** A few cases of the fuzzer with every run of the tests; `npm run fuzz` goes on for as long as it is told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../../src/kit/seeded-random.ts';
import { Finding, fuzzOnce } from '../fuzz/fuzz-parsers.ts';
import { ServerFuzzer } from '../fuzz/fuzz-server.ts';
import { PARSERS } from '../fuzz/parsers/all.ts';
import { asItIs, type Parser } from '../fuzz/parsers/parser.ts';
import { TransferFuzzer } from '../fuzz/transfers/fuzz-transfers.ts';

const SEEDS = (process.env.SEEDS ?? '1,2,3').split(',').map(Number);
const TEXTS = 2_000;
const ROUNDS = 4;
const CONNECTIONS = 16;

describe('random text', () => {
  for (const seed of SEEDS) {
    it(`breaks no parser, seed ${seed}`, async () => {
      const random = seededRandom(seed);
      for (let i = 0; i < TEXTS; i++) await fuzzOnce(random, PARSERS);
    });
  }

  it('breaks no running gateway', async (t) => {
    const server = await ServerFuzzer.start();
    t.after(() => server.close());
    const random = seededRandom(SEEDS[0] ?? 1);
    for (let i = 0; i < ROUNDS; i++) await server.round(random, CONNECTIONS);
  });
});

it('random transfers lose no byte', async (t) => {
  const fuzzer = await TransferFuzzer.start();
  t.after(() => fuzzer.close());
  await fuzzer.round(seededRandom(SEEDS[0] ?? 1), CONNECTIONS);
});

describe('the fuzzer finds', () => {
  const broken = (read: Parser['read']): Parser => ({
    reads: '',
    most: 8 * 1024,
    files: [],
    frames: [asItIs],
    pieces: [' ', 'a'],
    read,
  });
  const CASES: readonly [what: string, parser: Parser, message: RegExp][] = [
    ['what is no refusal', broken((text) => text.at(9)!.length), /it throws TypeError/],
    ['what becomes much larger', broken((text) => text.replaceAll('a', 'b'.repeat(64_000))), /bytes became/],
    ['what takes quadratic time', broken((text) => text.replace(/ +$/g, '')), /16 times the input takes/],
  ];
  for (const [what, parser, message] of CASES) {
    it(what, async () => {
      const random = seededRandom(1);
      const found = (error: unknown): boolean => error instanceof Finding && message.test(error.message);
      await assert.rejects(async () => {
        for (let i = 0; i < TEXTS; i++) await fuzzOnce(random, [parser]);
      }, found);
    });
  }
});
