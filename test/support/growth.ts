/**
 * How time grows with size, told by the CPU that this thread has used: no clock on the wall, and no other process, counts. To be
 * compared with each other only.
 */

/** Microseconds of CPU that one measurement takes at least: far more than the clock's step. */
const LEAST = 200;
/**
 * A linear cost grows by the ratio of the sizes, and by a few times that where the larger text does not fit into the processor's
 * cache any more; a quadratic one by the square of the ratio, which is 256.
 */
export const RATIO = 16;
export const MOST_GROWTH = 100;
/** A busy machine, or code that is not compiled yet, can make a measurement longer and never shorter: the least of several counts. */
const ROUNDS = 4;

export type Run = () => unknown;

/** @returns microseconds of CPU for one run. */
export async function cost(run: Run): Promise<number> {
  for (let times = 1; ; times *= 4) {
    const before = process.threadCpuUsage();
    for (let i = 0; i < times; i++) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    const { user, system } = process.threadCpuUsage(before);
    if (user + system >= LEAST) return (user + system) / times;
  }
}

export interface Growth {
  /** How many times as much the large one takes. */
  readonly factor: number;
  /** Microseconds of CPU that the large one takes. */
  readonly cost: number;
}

/** The large one is run again only where its cost is suspicious, the small one always: its cost alone could hide that of the other. */
export async function growth(small: Run, large: Run): Promise<Growth> {
  const least = Math.min(await cost(small), await cost(small), await cost(small));
  let most = await cost(large);
  for (let round = 1; round < ROUNDS && most / least > MOST_GROWTH; round++) most = Math.min(most, await cost(large));
  return { factor: most / least, cost: most };
}

/** Text of so many characters, in one piece of memory: what `repeat` makes is put together at its first use. */
export function repeated(piece: string, length: number): string {
  return Buffer.from(piece.repeat(Math.ceil(length / piece.length)).slice(0, length), 'latin1').toString('latin1');
}
