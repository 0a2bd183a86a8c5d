/** Bytes that go from a connection into memory of the main thread, which gives it block by block and keeps it. */
import { EAGAIN, type FixedBuffer, type Libc } from '../../kernel/libc.ts';
import type { PartChecksum } from '../part-checksum.ts';
import { type Mover, NO_MEMORY } from './mover.ts';

export class FillMover implements Mover {
  readonly isSplice = false;
  readonly ahead = 0;
  readonly checksum: PartChecksum;
  held = 0;
  readonly #libc: Libc;
  readonly #from: number;
  readonly #wantMemory: () => void;
  /** By their addresses: the same blocks are given again and again, and a view of one costs a garbage collection now and then. */
  readonly #views = new Map<bigint, FixedBuffer>();
  #memory: FixedBuffer | undefined;
  /** Bytes of the memory that are full. */
  #end = 0;
  #isWaiting = false;

  /** @param wantMemory is called when all memory is full and more bytes have arrived, once until it is given. */
  constructor(libc: Libc, from: number, checksum: PartChecksum, wantMemory: () => void) {
    this.#libc = libc;
    this.#from = from;
    this.checksum = checksum;
    this.#wantMemory = wantMemory;
  }

  give(address: bigint, size: number): void {
    const known = this.#views.get(address);
    this.#memory = known?.bytes.length === size ? known : this.#libc.memoryAt(address, size);
    this.#views.set(address, this.#memory);
    this.#end = 0;
    this.#isWaiting = false;
  }

  get bytes(): Buffer | undefined {
    return this.#memory?.bytes.subarray(this.#end - this.held, this.#end);
  }

  read(most: number): number {
    if (this.#memory === undefined || this.#end === this.#memory.bytes.length) return this.#awaitMemory();
    const { bytes, address } = this.#memory;
    const room = bytes.length - this.#end;
    const result = this.#libc.receive(this.#from, address + BigInt(this.#end), Math.min(most, room));
    if (result <= 0) return result;
    this.#end += result;
    this.held = result;
    this.checksum.update(this.bytes!);
    return result;
  }

  /** The bytes are where they stay. */
  write(): number {
    const { held } = this;
    this.held = 0;
    return held;
  }

  rest(): void {}

  close(): void {
    this.#views.clear();
    this.#memory = undefined;
  }

  #awaitMemory(): number {
    if (!this.#isWaiting && this.#libc.pending(this.#from) <= 0) return -EAGAIN;
    if (!this.#isWaiting) this.#wantMemory();
    this.#isWaiting = true;
    return NO_MEMORY;
  }
}
