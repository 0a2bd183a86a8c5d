/**
 * Random text for every parser, with four oracles: it throws nothing but refusals; what it returns is not much larger than what it
 * was given; its time grows with the size of the text; and when it is over, no memory is left.
 */
import { cpuMicros, growth } from '../support/growth.ts';
import { type Parser, tryRead } from './parsers/parser.ts';
import { below, oneOf, pumped, type Random, randomText } from './random-text.ts';

/** A value may be so many times as large as the text, and a little more: escapes of XML take six characters for one. */
const MOST_EXPANSION = 16;
const ALLOWANCE = 128 * 1024;
/** One text in so many is pumped up. */
const PUMPED = 20;
const LONG = 32 * 1024;
/** Microseconds of CPU that are worth a closer look. */
const SUSPICIOUS = 5_000;

export class Finding extends Error {
  override readonly name = 'Finding';
}

/** One case. @throws Finding */
export async function fuzzOnce(random: Random, parsers: readonly Parser[]): Promise<void> {
  const parser = oneOf(random, parsers);
  if (below(random, PUMPED) === 0) return checkGrowth(random, parser);
  const text = oneOf(random, parser.frames)(randomText(random, parser.pieces));
  const value = await read(parser, text);
  const size = sizeOf(value);
  if (size <= MOST_EXPANSION * text.length + ALLOWANCE) return;
  throw new Finding(`${parser.reads}: ${text.length} bytes became ${size}: ${JSON.stringify(text)}`);
}

async function read(parser: Parser, text: string): Promise<unknown> {
  try {
    return await tryRead(parser, text);
  } catch (error) {
    const shown = error instanceof Error ? error.stack : String(error);
    throw new Finding(`${parser.reads}: it throws ${shown}\nfor ${JSON.stringify(text)}`);
  }
}

async function checkGrowth(random: Random, parser: Parser): Promise<void> {
  const most = Math.min(LONG, parser.most ?? LONG);
  const text = pumped(random, parser);
  const long = text.ofLength(most);
  await read(parser, long);
  const before = cpuMicros();
  await read(parser, long);
  if (cpuMicros() - before < SUSPICIOUS) return;
  const runOf = (length: number) => {
    const shorter = text.ofLength(length);
    return () => tryRead(parser, shorter);
  };
  const { complaint } = await growth(runOf, most);
  if (complaint === undefined) return;
  throw new Finding(`${parser.reads}: ${complaint}: ${JSON.stringify(text.ofLength(most / 16))}`);
}

/** Characters and bytes in a value, and a little for everything that holds them. */
function sizeOf(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > 6) return 8;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Error)
    return sizeOf(value.message) + sizeOf({ ...value, stack: undefined, cause: undefined }, depth + 1);
  const inner = value instanceof Map ? [...value].flat() : Array.isArray(value) ? value : Object.entries(value).flat();
  return inner.reduce((sum: number, each) => sum + sizeOf(each, depth + 1), 8);
}
