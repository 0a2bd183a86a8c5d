/** What the tests of growth and the fuzzer know of one parser: how text from outside gets into it, and what it may throw. */
import { Failure } from '../../../src/domain/failure.ts';

export interface Parser {
  /** What it reads. */
  readonly reads: string;
  /** The files below src whose code reads the text. */
  readonly files: readonly string[];
  /** Puts text where a stranger can put it; one for each such place. */
  readonly frames: readonly ((text: string) => string)[];
  /** Repeated or mixed at random, these are its worst input. One character is one byte. */
  readonly pieces: readonly string[];
  /** @returns a value, or throws what `refuses` allows. */
  read(text: string): unknown;
  /** Bytes of the longest input that it looks at; longer ones are refused at once. 1 MiB unless said. */
  readonly most?: number;
  /** Which errors are refusals; Failure unless said. */
  readonly refuses?: (error: unknown) => boolean;
}

export const asItIs = (text: string): string => text;

/** Every refusal that S3 has a code for. What is not foreseen becomes `internal_error`. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Failure && error.type !== 'internal_error';
}

export const isError = (error: unknown): boolean => error instanceof Error && error.constructor === Error;
export const isRangeError = (error: unknown): boolean => error instanceof RangeError;

/** @returns what came of it: a value, or the refusal. @throws what no stranger may cause. */
export function tryRead({ read, refuses = isRefusal }: Parser, text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    if (refuses(error)) return error;
    throw error;
  }
}

/** The bytes in pieces of one. */
export function* oneByOne(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}
