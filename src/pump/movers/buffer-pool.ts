/** The buffers of one thread. A large piece wakes the store less often, so few transfers get large ones, and many small ones. */
import type { FixedBuffer, Libc } from '../../kernel/libc.ts';

const KIB = 1024;

/** Bytes, and how many at most: 32 MiB in all. Each further transfer holds a buffer of the last size. */
const CLASSES = [
  { size: 1024 * KIB, most: 16 },
  { size: 256 * KIB, most: 64 },
  { size: 64 * KIB, most: Number.POSITIVE_INFINITY },
];
const MOST_IDLE_SMALL = 64;

export class BufferPool {
  readonly #libc: Libc;
  readonly #idle: FixedBuffer[][] = CLASSES.map(() => []);
  readonly #made = CLASSES.map(() => 0);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  take(): FixedBuffer {
    const index = CLASSES.findIndex(({ most }, i) => this.#idle[i]!.length > 0 || this.#made[i]! < most);
    const kept = this.#idle[index]!.pop();
    if (kept !== undefined) return kept;
    this.#made[index]!++;
    return this.#libc.fixed(CLASSES[index]!.size);
  }

  give(buffer: FixedBuffer): void {
    const index = CLASSES.findIndex(({ size }) => size === buffer.bytes.length);
    const isKept = index < CLASSES.length - 1 || this.#idle[index]!.length < MOST_IDLE_SMALL;
    if (isKept) this.#idle[index]!.push(buffer);
    else this.#made[index]!--;
  }
}
