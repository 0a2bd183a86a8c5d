/**
 * Writes to a standard stream from the exporter thread. If its reader stalls, a write blocks the thread, and with it the metrics and
 * logs. So a write waits for a moment only, and after it the next ones fail at once for a while.
 */
import { writeSync } from 'node:fs';

const RETRY_MILLIS = 5;
/** How long a write waits for the reader. */
const TIMEOUT_MILLIS = 1_000;
/** How long writes fail at once after a timeout. */
export const PAUSE_MILLIS = 10_000;

export interface StreamParts {
  /** Monotonic milliseconds. */
  now(): number;
  /** @returns the number of bytes written. @throws EAGAIN if the stream is full. */
  write(fd: number, bytes: Uint8Array): number;
  /** Blocks the thread. */
  sleep(millis: number): void;
}

export class StreamWriter {
  readonly #fd: number;
  readonly #parts: StreamParts;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Whether the last line is incomplete: the next text would be part of it. */
  #isTorn = false;

  constructor(fd: number, parts: StreamParts = SYSTEM) {
    this.#fd = fd;
    this.#parts = parts;
  }

  /** @throws Error if the reader has closed or stalls; some of the text may have been written. */
  write(text: string): void {
    const start = this.#parts.now();
    if (start < this.#pausedUntil) throw stalled();
    const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
    for (let at = 0; at < bytes.length; ) {
      const written = this.#tryWrite(bytes.subarray(at), start + TIMEOUT_MILLIS);
      at += written;
      if (written > 0) this.#isTorn = at < bytes.length;
    }
  }

  /** @returns 0 if the stream is full. */
  #tryWrite(bytes: Uint8Array, deadline: number): number {
    const { now, write, sleep } = this.#parts;
    try {
      return write(this.#fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      if (now() > deadline) {
        this.#pausedUntil = now() + PAUSE_MILLIS;
        throw stalled();
      }
      sleep(RETRY_MILLIS);
      return 0;
    }
  }
}

const stalled = (): Error => new Error('EAGAIN: the reader of the stream has stalled');

const CELL = new Int32Array(new SharedArrayBuffer(4));

const SYSTEM: StreamParts = {
  now: () => performance.now(),
  write: writeSync,
  sleep: (millis) => void Atomics.wait(CELL, 0, 0, millis),
};
