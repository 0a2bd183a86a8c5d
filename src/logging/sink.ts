/**
 * Where log lines go: gathered for a tenth of a second and written in one piece without waiting for the reader. A reader that
 * stands still costs at most a fixed amount of memory; lines beyond it are dropped and counted, never the uploads.
 */
import { write, writeSync } from 'node:fs';

const FLUSH_MILLIS = 100;
const FLUSH_BYTES = 64 * 1024;
const MAX_PENDING = 4 * 1024 * 1024;

export class LogSink {
  readonly #fd: number;
  #pending = '';
  #writing: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #dead = false;

  /** @param fd an open file descriptor; 1 is the standard output. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Takes one line with its line feed. */
  write(line: string): void {
    if (this.#dead) return;
    if (this.#pending.length + line.length > MAX_PENDING) {
      this.#dropped++;
      return;
    }
    this.#pending += line;
    if (this.#pending.length >= FLUSH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MILLIS).unref();
  }

  /** Writes what is left, waiting for the reader: for the end of the process. */
  close(): void {
    clearTimeout(this.#timer);
    this.#takeDropped();
    const rest = Buffer.concat([this.#writing ?? Buffer.alloc(0), Buffer.from(this.#pending)]);
    this.#pending = '';
    if (this.#dead || rest.length === 0) return;
    this.#dead = true;
    try {
      for (let at = 0; at < rest.length; ) at += writeSync(this.#fd, rest, at);
    } catch {
      // the reader has gone, or is full and we are leaving: there is nobody to tell
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#pending === '') return;
    this.#takeDropped();
    this.#writing = Buffer.from(this.#pending);
    this.#pending = '';
    this.#writeOn();
  }

  #writeOn(): void {
    write(this.#fd, this.#writing as Buffer, (error, written) => {
      if (this.#dead) return;
      if (error !== null && error.code !== 'EAGAIN') {
        this.#dead = true;
        this.#pending = '';
        return;
      }
      if (error !== null) {
        setTimeout(() => this.#writeOn(), FLUSH_MILLIS).unref();
        return;
      }
      const rest = (this.#writing as Buffer).subarray(written);
      this.#writing = rest.length > 0 ? rest : undefined;
      if (rest.length > 0) this.#writeOn();
      else if (this.#pending.length >= FLUSH_BYTES) this.#flush();
      else if (this.#pending !== '') this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MILLIS).unref();
    });
  }

  #takeDropped(): void {
    if (this.#dropped === 0) return;
    this.#pending += `{"level":"warn","time":"${new Date().toISOString()}","msg":"log lines dropped: the reader is too slow","dropped":${this.#dropped}}\n`;
    this.#dropped = 0;
  }
}
