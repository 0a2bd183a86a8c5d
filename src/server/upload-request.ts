/**
 * A request whose body costs memory by its bytes. node:http makes a Buffer of each HTTP chunk and queues it; one-byte chunks
 * cost 400 times their size there, before anybody is authenticated. Here small pieces are joined: those that follow each other
 * until the end of the turn of the event loop, and those for which nobody asks yet until somebody does.
 */
import { IncomingMessage } from 'node:http';
import { PieceJoiner, SMALL_PIECE } from '../kit/piece-joiner.ts';

export class UploadRequest extends IncomingMessage {
  #joiner: PieceJoiner | undefined;
  #wasSmall = false;
  #flush: NodeJS.Immediate | undefined;

  /** What the parser calls for each piece. A first small piece passes at once: most small bodies have only that. */
  override push(piece: Buffer | null): boolean {
    if (piece !== null && piece.length < SMALL_PIECE && (this.#wasSmall || this.readableLength > 0)) {
      return this.#join(piece);
    }
    this.#joiner?.flush();
    this.#wasSmall = piece !== null && piece.length < SMALL_PIECE;
    return super.push(piece);
  }

  /** What whoever takes a piece calls; with 0, Node.js only has more fetched. */
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
