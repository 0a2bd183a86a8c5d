/** Bytes that are copied into a buffer and out again: for bodies that the gateway verifies. */
import type { FixedBuffer, Libc } from '../../kernel/libc.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Mover } from './mover.ts';

export class CopyMover implements Mover {
  readonly isSplice = false;
  readonly ahead = 0;
  readonly #libc: Libc;
  readonly #pool: BufferPool;
  readonly #from: number;
  readonly #to: number;
  #buffer: FixedBuffer | undefined;
  #begin = 0;
  #end = 0;

  constructor(libc: Libc, pool: BufferPool, from: number, to: number) {
    this.#libc = libc;
    this.#pool = pool;
    this.#from = from;
    this.#to = to;
  }

  get held(): number {
    return this.#end - this.#begin;
  }

  get bytes(): Buffer | undefined {
    return this.#buffer?.bytes.subarray(this.#begin, this.#end);
  }

  read(most: number): number {
    this.#buffer ??= this.#pool.take();
    const { bytes, address } = this.#buffer;
    const result = this.#libc.receive(this.#from, address, Math.min(most, bytes.length));
    this.#begin = 0;
    this.#end = Math.max(0, result);
    return result;
  }

  write(more: boolean): number {
    const address = this.#buffer!.address + BigInt(this.#begin);
    const result = this.#libc.send(this.#to, address, this.held, more);
    if (result > 0) this.#begin += result;
    return result;
  }

  rest(): void {
    if (this.held === 0) this.close();
  }

  close(): void {
    if (this.#buffer !== undefined) this.#pool.give(this.#buffer);
    this.#buffer = undefined;
    this.#begin = this.#end = 0;
  }
}
