/**
 * Joins small pieces on their way into a queue. A piece of one byte costs some 400 bytes in the queue of a stream or a
 * socket; queues count only the bytes that are in their pieces. Large pieces pass as they are, in their order.
 */
import { BoundedBuffer } from './bounded-buffer.ts';

/** Pieces of fewer bytes are small: above, what a piece costs is less than half of what is in it. */
export const SMALL_PIECE = 1024;

/** Most bytes that are joined into one piece. */
const JOINED_BYTES = 16 * 1024;

export class PieceJoiner {
  readonly #emit: (bytes: Buffer) => void;
  #held: BoundedBuffer | undefined;

  /** @param emit is given large pieces as they came, and small ones joined. */
  constructor(emit: (bytes: Buffer) => void) {
    this.#emit = emit;
  }

  /** Bytes that wait to be joined with more. */
  get heldBytes(): number {
    return this.#held?.length ?? 0;
  }

  write(piece: Buffer): void {
    if (piece.length >= SMALL_PIECE) {
      this.flush();
      this.#emit(piece);
    } else this.#hold(piece);
  }

  /** Emits what waits. */
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
