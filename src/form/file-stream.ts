/** The file of a form as a separate stream, with backpressure to the connection. */
import { Readable } from 'node:stream';
import { asFailure } from '../domain/failure.ts';
import type { Boundary } from './boundary.ts';
import { FileScanner } from './file-scanner.ts';
import { failureOfEnd, ignore } from './read-until.ts';

export class FileStream extends Readable {
  readonly #source: Readable;
  readonly #scanner: FileScanner;
  /** The bytes of the file that arrived with the fields. */
  #first: Buffer | undefined;
  #full = false;

  /**
   * @param source the rest of the form, paused after `first`.
   * @param most maximum size of the file.
   */
  constructor(source: Readable, first: Buffer, most: number, boundary: Boundary) {
    super({ highWaterMark: 1 }); // unread bytes wait in the source, which joins small chunks
    this.on('error', ignore); // it can fail before it has a reader; a later reader sees that it is destroyed
    this.#source = source;
    this.#first = first;
    this.#scanner = new FileScanner(boundary, most, (bytes) => {
      if (!this.push(bytes)) this.#full = true;
    });
    if (source.destroyed) this.#onClosed();
    else source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onClosed).on('close', this.#onClosed);
  }

  override _read(): void {
    this.#full = false;
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) this.#scan(first);
    if (!this.#full && !this.destroyed) this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#detach();
    callback(error);
  }

  readonly #onData = (bytes: Buffer): void => {
    // It was paused, so other code has resumed it to discard the rest of the form.
    if (this.#full) this.destroy();
    else this.#scan(bytes);
  };

  /** The file is complete only if the form is complete. */
  readonly #onEnd = (): void => {
    try {
      this.#scanner.end();
      this.#detach();
      this.push(null);
    } catch (thrown) {
      this.#fail(thrown);
    }
  };

  readonly #onClosed = (error?: Error): void => this.#fail(failureOfEnd(error));

  #scan(bytes: Buffer): void {
    try {
      this.#scanner.write(bytes);
      if (this.#full) this.#source.pause();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Leaves the source paused. */
  #fail(thrown: unknown): void {
    this.#source.pause();
    this.destroy(asFailure(thrown));
  }

  #detach(): void {
    this.#source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onClosed)
      .off('close', this.#onClosed)
      .on('error', ignore);
  }
}
