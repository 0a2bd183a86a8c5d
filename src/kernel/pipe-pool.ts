/**
 * Pipes for splice and tee, which are used again. The kernel holds their content. All unprivileged processes of a user share 64 MiB of
 * pipes (pipe(7), pipe-user-pages-soft); beyond that it makes small ones, which cost more than they save.
 */
import type { Libc } from './libc.ts';

const KIB = 1024;

/** Bytes, largest first. 1 MiB is the most that an unprivileged process may set. */
const SIZES = [1024 * KIB, 256 * KIB, 64 * KIB];
const SMALLEST = 64 * KIB;
/** Bytes of all pipes in use, above which new ones are smaller. */
const PLENTY = 32 * 1024 * KIB;
const MOST_IDLE = 32;

export interface OpenedDescriptors {
  add(fd: number): void;
  /** Before it is closed. */
  remove(fd: number): void;
}

export interface Pipe {
  readonly out: number;
  readonly in: number;
  /** Bytes. */
  readonly size: number;
}

export class PipePool {
  readonly #libc: Libc;
  readonly #opened: OpenedDescriptors;
  readonly #idle: Pipe[] = [];
  #usedBytes = 0;

  /** @param opened is notified of the descriptors of all pipes. */
  constructor(libc: Libc, opened: OpenedDescriptors) {
    this.#libc = libc;
    this.#opened = opened;
  }

  /** Undefined if no pipe of a useful size is available. */
  take(): Pipe | undefined {
    const pipe = this.#idle.pop() ?? this.#open();
    if (pipe !== undefined) this.#usedBytes += pipe.size;
    return pipe;
  }

  /** @param isEmpty whether it can be used again. */
  give(pipe: Pipe, isEmpty: boolean): void {
    this.#usedBytes -= pipe.size;
    if (isEmpty && this.#idle.length < MOST_IDLE) this.#idle.push(pipe);
    else this.#close(pipe);
  }

  close(): void {
    for (const pipe of this.#idle.splice(0)) this.#close(pipe);
  }

  #open(): Pipe | undefined {
    const ends = this.#libc.pipe();
    if (typeof ends === 'number') return undefined;
    const wanted = SIZES[Math.min(SIZES.length - 1, Math.floor(this.#usedBytes / PLENTY))]!;
    const pipe = { ...ends, size: this.#libc.resizePipe(ends.in, wanted) };
    this.#opened.add(pipe.in);
    this.#opened.add(pipe.out);
    if (pipe.size >= SMALLEST) return pipe;
    this.#close(pipe);
    return undefined;
  }

  #close(pipe: Pipe): void {
    for (const fd of [pipe.in, pipe.out]) {
      this.#opened.remove(fd);
      this.#libc.close(fd);
    }
  }
}
