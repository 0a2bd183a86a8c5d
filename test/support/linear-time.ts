/**
 * Time is linear in what others send. Every parser is fed what is worst for it up to 64 KiB, and the worst of that up to 512 KiB;
 * what the CPU takes may grow as the size does, and not as its square.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Parser, tryRead } from '../fuzz/parsers/parser.ts';
import { growth, repeated } from './growth.ts';

const LARGE = 64 * 1024;
const LARGEST = 512 * 1024;

/** Text of this length where a stranger can put it. */
interface Input {
  readonly what: string;
  make(length: number): string;
}

function inputsOf({ frames, pieces }: Parser): Input[] {
  return frames.flatMap((frame, place) =>
    pieces.map((piece) => ({
      what: `${JSON.stringify(piece)} in place ${place}`,
      make: (length) => frame(repeated(piece, length)),
    })),
  );
}

/** @returns what the input takes, in microseconds of CPU. */
async function check(parser: Parser, { what, make }: Input, length: number): Promise<number> {
  const runOf = (size: number) => {
    const text = make(size);
    return () => tryRead(parser, text);
  };
  const { cost, complaint } = await growth(runOf, length);
  assert.equal(complaint, undefined, `${what}, up to ${length} bytes`);
  return cost;
}

/** A test for each of the parsers. */
export function testLinearTime(parsers: readonly Parser[]): void {
  describe('time grows with size, and not with its square, for', () => {
    for (const parser of parsers) {
      it(parser.reads, async () => {
        const costs = new Map<Input, number>();
        const most = Math.min(parser.most ?? LARGE, LARGE);
        for (const input of inputsOf(parser)) costs.set(input, await check(parser, input, most));
        const [[worst]] = [...costs].sort(([, a], [, b]) => b - a) as [[Input, number]];
        if (most < LARGE) await check(parser, worst, LARGE);
        await check(parser, worst, LARGEST);
      });
    }
  });
}
