/** The buffers of one thread. A large piece wakes the store less often, so few transfers get large ones, and many small ones. */
import type { FixedBuffer, Libc } from '../../kernel/libc.ts';

const LARGE = 1024 * 1024;
const SMALL = 64 * 1024;
/** Large buffers of one thread: 16 MiB. Each further transfer holds 64 KiB at most. */
const MOST_LARGE = 16;
const MOST_IDLE_SMALL = 64;

export class BufferPool {
  readonly #libc: Libc;
  readonly #large: FixedBuffer[] = [];
  readonly #small: FixedBuffer[] = [];
  #largeCount = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  take(): FixedBuffer {
    const kept = this.#large.pop();
    if (kept !== undefined) return kept;
    if (this.#largeCount === MOST_LARGE) return this.#small.pop() ?? this.#libc.fixed(SMALL);
    this.#largeCount++;
    return this.#libc.fixed(LARGE);
  }

  give(buffer: FixedBuffer): void {
    if (buffer.bytes.length === LARGE) this.#large.push(buffer);
    else if (this.#small.length < MOST_IDLE_SMALL) this.#small.push(buffer);
  }
}
