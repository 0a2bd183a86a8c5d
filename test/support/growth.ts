/**
 * How time grows with size, told by the CPU that this thread has used: no clock on the wall, and no other process, counts. To be
 * compared with each other only.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** V8 shows its collector only to contexts that are made while the flag is set. The garbage of earlier tests is theirs to pay. */
const collect = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

/** Microseconds of CPU that one measurement takes at least: far more than the clock's step. */
const LEAST = 100;
/** The sizes that are compared: the whole, and parts of it. */
const SMALL = 1 / 16;
const NEAR = 1 / 4;
/** 16 times the size takes 16 times as long, or a few times that where it does not fit into a cache any more; quadratic: 256 times. */
const MOST_FROM_SMALL = 100;
/** Where one measurement of each is enough: a quadratic time is told even if the small one came out six times too long. */
const UNSUSPICIOUS = 40;
/** 4 times the size: linear 4 times, quadratic 16 times. Both are large, so that caches and garbage count for both. */
const MOST_FROM_NEAR = 11;
/** A busy machine, or code that is not compiled yet, can make a measurement longer and never shorter: the least of several counts. */
const ROUNDS = 6;
/** Microseconds. What takes longer is told from noise by one measurement. */
const LONG = 100_000;

export type Run = () => unknown;

const asleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * Microseconds of CPU that this thread has used so far. Linux counts them when a thread sleeps, and otherwise only every few
 * milliseconds: the thread sleeps for a moment.
 */
export function cpuMicros(): number {
  Atomics.wait(asleep, 0, 0, 0.1);
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** @returns microseconds of CPU for one run. */
export async function cost(run: Run): Promise<number> {
  let before = cpuMicros();
  for (let times = 1; ; ) {
    for (let i = 0; i < times; i++) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    const now = cpuMicros();
    const taken = now - before;
    if (taken >= LEAST) return taken / times;
    before = now;
    times = Math.ceil(times * Math.min(64, Math.max(2, (1.5 * LEAST) / taken)));
  }
}

export interface Growth {
  /** Microseconds of CPU for the whole length. */
  readonly cost: number;
  /** How it grows with the length; undefined where it does not grow faster than it may. */
  readonly complaint: string | undefined;
}

/** @param runOf the same work for input of a length. */
export async function growth(runOf: (length: number) => Run, length: number): Promise<Growth> {
  const partOf = (part: number) => runOf(Math.floor(length * part));
  const [small, whole] = [partOf(SMALL), partOf(1)];
  let dear = await cost(whole);
  let cheap = await cost(small);
  if (dear <= UNSUSPICIOUS * cheap) return { cost: dear, complaint: undefined };
  cheap = Math.min(cheap, await leastCost(small, 2));
  if (dear <= MOST_FROM_SMALL * cheap) return { cost: dear, complaint: undefined };
  // Suspicious: a closer look, which noise does not survive. Only this is worth a collection, which takes longer than most runs.
  collect();
  dear = Math.min(dear, await leastCost(whole, ROUNDS));
  const [fromSmall, fromNear] = [dear / cheap, dear / (await leastCost(partOf(NEAR), ROUNDS))];
  if (fromSmall <= MOST_FROM_SMALL || fromNear <= MOST_FROM_NEAR) return { cost: dear, complaint: undefined };
  return {
    cost: dear,
    complaint: `16 times the input takes ${fromSmall.toFixed(0)} times as long, 4 times the input ${fromNear.toFixed(0)} times`,
  };
}

async function leastCost(run: Run, rounds: number): Promise<number> {
  let least = await cost(run);
  for (let round = 1; round < rounds && least < LONG; round++) least = Math.min(least, await cost(run));
  return least;
}

/** Text of so many characters, in one piece of memory: what `repeat` makes is put together at its first use. */
export function repeated(piece: string, length: number): string {
  return Buffer.from(piece.repeat(Math.ceil(length / piece.length)).slice(0, length), 'latin1').toString('latin1');
}
