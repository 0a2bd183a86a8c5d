/**
 * Writes log lines in batches of a tenth of a second, without blocking. A reader that stalls costs at most a fixed amount of
 * memory: further lines are dropped and counted. No upload waits for the log.
 */
import { write, writeSync } from 'node:fs';

const FLUSH_MILLIS = 100;
/** Milliseconds after which a write is repeated, if the pipe was full. */
const RETRY_MILLIS = 5;
const FLUSH_BYTES = 64 * 1024;
const MAX_PENDING = 4 * 1024 * 1024;
/** The longest time of `close`, in milliseconds. */
const CLOSE_MILLIS = 2_000;

export class LogSink {
  readonly #fd: number;
  #pending = '';
  /** The batch that is being written. */
  #writing: Buffer | undefined;
  #written: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #dead = false;

  /** @param fd an open file descriptor; 1 is the standard output. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** @param line with its line feed. */
  write(line: string): void {
    if (this.#dead) return;
    if (this.#pending.length + line.length > MAX_PENDING) {
      this.#dropped++;
      return;
    }
    this.#pending += line;
    this.#schedule();
  }

  /**
   * Writes the remaining lines at the end of the process. Later lines are ignored.
   * @param millis the longest time; at most 2 s.
   */
  async close(millis = CLOSE_MILLIS): Promise<void> {
    const timeout = Math.min(millis, CLOSE_MILLIS);
    const deadline = Date.now() + timeout;
    if (this.#writing !== undefined) await this.#untilWritten(timeout);
    clearTimeout(this.#timer);
    if (this.#dead || this.#writing !== undefined) return;
    this.#noteDropped();
    this.#dead = true;
    writeAll(this.#fd, Buffer.from(this.#pending), deadline);
  }

  #schedule(): void {
    if (this.#writing !== undefined || this.#pending === '') return;
    if (this.#pending.length >= FLUSH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MILLIS).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#noteDropped();
    this.#writing = Buffer.from(this.#pending);
    this.#pending = '';
    this.#writeOn(this.#writing);
  }

  #writeOn(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#writeOn(bytes), RETRY_MILLIS).unref();
      else if (error !== null) this.#end(true);
      else if (written < bytes.length) this.#writeOn(bytes.subarray(written));
      else this.#end(false);
    });
  }

  /** The batch is written, or the reader has closed the pipe. */
  #end(dead: boolean): void {
    this.#writing = undefined;
    if (dead) {
      this.#dead = true;
      this.#pending = '';
    }
    this.#written?.();
    if (this.#written === undefined) this.#schedule();
  }

  #untilWritten(millis: number): Promise<void> {
    return new Promise((resolve) => {
      this.#written = resolve;
      setTimeout(resolve, millis).unref();
    });
  }

  #noteDropped(): void {
    if (this.#dropped === 0) return;
    const time = new Date().toISOString();
    const fields = { level: 'warn', time, dropped: this.#dropped, msg: 'log lines dropped: the reader is too slow' };
    this.#pending += `${JSON.stringify(fields)}\n`;
    this.#dropped = 0;
  }
}

function writeAll(fd: number, bytes: Buffer, deadline: number): void {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  for (let at = 0; at < bytes.length && Date.now() < deadline; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(sleep, 0, 0, RETRY_MILLIS);
    }
  }
}
