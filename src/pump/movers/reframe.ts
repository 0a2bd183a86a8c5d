/** Bytes whose framing changes: read into one half of a buffer, and written from the other. */
import type { FixedBuffer, Libc } from '../../kernel/libc.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Mover } from './mover.ts';

/** Bytes that a piece may grow by: two lines of chunks, or the last one with a trailer. */
const GROWTH = 1024;

export class ReframeMover implements Mover {
  readonly isSplice = false;
  readonly #libc: Libc;
  readonly #pool: BufferPool;
  readonly #from: number;
  readonly #to: number;
  #ahead: Buffer;
  #buffer: FixedBuffer | undefined;
  #read = 0;
  /** Of the bytes to write, in the second half. */
  #begin = 0;
  #end = 0;

  /** @param ahead bytes of the body that were read before. */
  constructor(libc: Libc, pool: BufferPool, from: number, to: number, ahead: Buffer) {
    this.#libc = libc;
    this.#pool = pool;
    this.#from = from;
    this.#to = to;
    this.#ahead = ahead;
  }

  get held(): number {
    return this.#end - this.#begin;
  }

  get ahead(): number {
    return this.#ahead.length;
  }

  get bytes(): Buffer | undefined {
    return this.#buffer?.bytes.subarray(0, this.#read);
  }

  read(most: number): number {
    this.#buffer ??= this.#pool.take();
    this.#begin = this.#end = 0;
    const room = Math.min(most, this.#half);
    const result = this.#ahead.length > 0 ? this.#readAhead(room) : this.#receive(room);
    this.#read = Math.max(0, result);
    return result;
  }

  /** Adds bytes to write: no more than were read, and `GROWTH`. */
  add(bytes: Buffer): void {
    this.#buffer!.bytes.set(bytes, this.#half + this.#end);
    this.#end += bytes.length;
  }

  write(more: boolean): number {
    const address = this.#buffer!.address + BigInt(this.#half + this.#begin);
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
    this.#read = this.#begin = this.#end = 0;
  }

  get #half(): number {
    return (this.#buffer!.bytes.length - GROWTH) / 2;
  }

  #readAhead(room: number): number {
    const count = this.#ahead.copy(this.#buffer!.bytes, 0, 0, room);
    this.#ahead = this.#ahead.subarray(count);
    return count;
  }

  #receive(room: number): number {
    return this.#libc.receive(this.#from, this.#buffer!.address, room);
  }
}
