/**
 * A request whose body uses memory in proportion to its bytes. node:http queues a Buffer for each HTTP chunk; one-byte chunks
 * cost 400 times their size, before authentication. This class joins small chunks: chunks of the same event loop turn, and
 * chunks that wait for a reader.
 */
import { IncomingMessage } from 'node:http';
import { PieceJoiner, SMALL_PIECE } from '../kit/piece-joiner.ts';

export class UploadRequest extends IncomingMessage {
  #joiner: PieceJoiner | undefined;
  #wasSmall = false;
  #flush: NodeJS.Immediate | undefined;

  /** Bytes that wait for a reader. */
  get waitingBytes(): number {
    return this.readableLength + (this.#joiner?.heldBytes ?? 0);
  }

  /** Called by the parser for each chunk. A first small chunk passes at once: most small bodies have only one. */
  override push(piece: Buffer | null): boolean {
    if (piece !== null && piece.length < SMALL_PIECE && (this.#wasSmall || this.readableLength > 0)) {
      return this.#join(piece);
    }
    this.#joiner?.flush();
    this.#wasSmall = piece !== null && piece.length < SMALL_PIECE;
    return super.push(piece);
  }

  /** Called by readers; with size 0, Node.js only triggers more reading. */
  override read(size?: number): ReturnType<IncomingMessage['read']> {
    if (size !== 0) this.#joiner?.flush();
    return super.read(size);
  }

  #join(piece: Buffer): boolean {
    this.#joiner ??= new PieceJoiner((bytes) => void super.push(bytes));
    this.#joiner.write(piece);
    if (this.readableFlowing === true) this.#flush ??= setImmediate((request) => request.#endTurn(), this);
    return this.readableLength + this.#joiner.heldBytes < this.readableHighWaterMark;
  }

  #endTurn(this: UploadRequest): void {
    this.#flush = undefined;
    if (this.readableFlowing === true && !this.destroyed) this.#joiner?.flush();
  }
}
