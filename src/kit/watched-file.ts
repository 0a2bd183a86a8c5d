/** A file that may be replaced at runtime: certificates, keys, tokens. It is checked when needed, at most once per second. */
import { readFileSync, statSync } from 'node:fs';

const LOOK_MILLIS = 1_000;

export class WatchedFile {
  readonly #path: string;
  readonly #now: () => number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #mark = '';
  #text = '';
  /** The number of changes. */
  version = 0;

  /** @throws Error if the file is unreadable. */
  constructor(path: string, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#now = now;
    this.#read();
  }

  /** The contents at the last successful read. */
  get text(): string {
    this.look();
    return this.#text;
  }

  /** A missing file, or one that is being replaced, changes nothing. */
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
