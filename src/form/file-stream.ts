/** The file of a form as a stream of its own, drained at its reader's pace: what is not wanted yet is not asked for. */
import { Readable } from 'node:stream';
import { asFailure } from '../domain/failure.ts';
import type { Boundary } from './boundary.ts';
import { FileScanner } from './file-scanner.ts';
import { goneOf, ignore } from './read-until.ts';

export class FileStream extends Readable {
  readonly #source: Readable;
  readonly #scanner: FileScanner;
  /** What had come before anybody wanted the file. */
  #first: Buffer | undefined;
  #full = false;

  /**
   * @param source the rest of the form, paused after `first`.
   * @param most bytes that the file can have.
   */
  constructor(source: Readable, first: Buffer, most: number, boundary: Boundary) {
    super({ highWaterMark: 1 }); // what nobody takes at once waits in the source, which joins small pieces
    this.on('error', ignore); // it can fail while nobody reads yet; whoever comes later sees that it is destroyed
    this.#source = source;
    this.#first = first;
    this.#scanner = new FileScanner(boundary, most, (bytes) => {
      if (!this.push(bytes)) this.#full = true;
    });
    if (source.destroyed) this.#onGone();
    else source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onGone).on('close', this.#onGone);
  }

  override _read(): void {
    this.#full = false;
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) this.#take(first);
    if (!this.#full && !this.destroyed) this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#letGo();
    callback(error);
  }

  readonly #onData = (bytes: Buffer): void => {
    // It was paused, so somebody else has resumed it: the form is not wanted any more, and its rest is thrown away.
    if (this.#full) this.destroy();
    else this.#take(bytes);
  };

  /** Only now is it known that the form is whole, and so is its file. */
  readonly #onEnd = (): void => {
    try {
      this.#scanner.end();
      this.#letGo();
      this.push(null);
    } catch (thrown) {
      this.#fail(thrown);
    }
  };

  readonly #onGone = (error?: Error): void => this.#fail(goneOf(error));

  #take(bytes: Buffer): void {
    try {
      this.#scanner.write(bytes);
      if (this.#full) this.#source.pause();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Leaves the source paused, where it stands. */
  #fail(thrown: unknown): void {
    this.#source.pause();
    this.destroy(asFailure(thrown));
  }

  #letGo(): void {
    this.#source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onGone)
      .off('close', this.#onGone)
      .on('error', ignore);
  }
}
