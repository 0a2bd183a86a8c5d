/** Bytes that the kernel moves from one connection to the other through a pipe, without a copy (splice(2)). */
import { ENFILE, type Libc } from '../../kernel/libc.ts';
import type { Pipe, PipePool } from '../../kernel/pipe-pool.ts';
import type { Mover } from './mover.ts';

export class SpliceMover implements Mover {
  readonly isSplice = true;
  readonly bytes = undefined;
  readonly ahead = 0;
  held = 0;
  readonly #libc: Libc;
  readonly #pool: PipePool;
  readonly #from: number;
  readonly #to: number;
  #pipe: Pipe | undefined;

  constructor(libc: Libc, pool: PipePool, from: number, to: number) {
    this.#libc = libc;
    this.#pool = pool;
    this.#from = from;
    this.#to = to;
  }

  read(most: number): number {
    this.#pipe ??= this.#pool.take();
    if (this.#pipe === undefined) return -ENFILE;
    const result = this.#libc.splice(this.#from, this.#pipe.in, Math.min(most, this.#pipe.size), true);
    if (result > 0) this.held = result;
    return result;
  }

  write(more: boolean): number {
    const result = this.#libc.splice(this.#pipe!.out, this.#to, this.held, more);
    if (result > 0) this.held -= result;
    return result;
  }

  rest(): void {
    if (this.held === 0) this.close();
  }

  close(): void {
    if (this.#pipe !== undefined) this.#pool.give(this.#pipe, this.held === 0);
    this.#pipe = undefined;
  }
}
