/**
 * Joins small chunks before they enter a queue. A chunk of one byte costs some 400 bytes in the queue of a stream or a socket,
 * but queues count only the bytes of the data. Large chunks pass unchanged, in order.
 */
import { BoundedBuffer } from './bounded-buffer.ts';

/** Chunks below this size are small: above it, the overhead of a chunk is less than half of its data. */
export const SMALL_PIECE = 1024;

/** Maximum size of a joined chunk. */
const JOINED_BYTES = 16 * 1024;

export class PieceJoiner {
  readonly #emit: (bytes: Buffer) => void;
  #held: BoundedBuffer | undefined;

  /** @param emit receives large chunks unchanged, and small ones joined. */
  constructor(emit: (bytes: Buffer) => void) {
    this.#emit = emit;
  }

  /** The number of bytes that wait to be joined. */
  get heldBytes(): number {
    return this.#held?.length ?? 0;
  }

  write(piece: Buffer): void {
    if (piece.length >= SMALL_PIECE) {
      this.flush();
      this.#emit(piece);
    } else this.#hold(piece);
  }

  /** Emits the waiting bytes. */
  flush(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#emit(held.bytes);
  }

  #hold(piece: Buffer): void {
    if (this.#held?.add(piece)) return;
    this.flush();
    this.#held = new BoundedBuffer(JOINED_BYTES);
    this.#held.add(piece);
  }
}
