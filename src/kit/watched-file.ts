/** A file that others may replace while we run: certificates, keys, tokens. Looked at when it is needed, and not more than once a second. */
import { readFileSync, statSync } from 'node:fs';

const LOOK_MILLIS = 1_000;

export class WatchedFile {
  readonly #path: string;
  readonly #now: () => number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #mark = '';
  #text = '';
  /** Counts the changes. */
  version = 0;

  /** @throws Error if it cannot be read. */
  constructor(path: string, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#now = now;
    this.#read();
  }

  /** What it held when it could be read last. */
  get text(): string {
    this.look();
    return this.#text;
  }

  /** A file that has gone, or is being replaced, leaves everything as it was. */
  look(): void {
    if (this.#now() - this.#lookedAt < LOOK_MILLIS) return;
    try {
      this.#read();
    } catch {
      this.#lookedAt = this.#now();
    }
  }

  #read(): void {
    this.#lookedAt = this.#now();
    const { mtimeMs, ino, size } = statSync(this.#path);
    const mark = `${ino} ${mtimeMs} ${size}`;
    if (mark === this.#mark) return;
    this.#text = readFileSync(this.#path, 'utf8');
    this.#mark = mark;
    this.version++;
  }
}
