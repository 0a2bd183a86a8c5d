/**
 * How fast a client fills the memory of its upload. Only the time in which the gateway waits for the client counts: a slow store, or
 * a wait for memory, is not the client's fault. The rate is that of the last one to two windows of such waiting. An old
 * burst does not count, and a short pause is tolerated.
 */
import { performance } from 'node:perf_hooks';

export class FillRate {
  readonly #windowMillis: number;
  #bytes = 0;
  #waited = 0;
  #bytesBefore = 0;
  #waitedBefore = 0;
  #waitingSince: number | undefined;
  #hasEnded = false;

  constructor(windowMillis: number) {
    this.#windowMillis = windowMillis;
  }

  /** The gateway waits for the client from now on. */
  waits(): void {
    this.#waitingSince = performance.now();
  }

  /** Bytes have arrived; what follows is the gateway's own time. */
  came(bytes: number): void {
    this.#countWait();
    this.#waitingSince = undefined;
    this.#bytes += bytes;
    this.#turn();
  }

  /** A pump has read these bytes, and has waited for the client meanwhile. */
  moved(bytes: number, waitedMillis: number): void {
    if (waitedMillis >= 2 * this.#windowMillis) this.#bytes = 0;
    this.#waited += waitedMillis;
    this.#bytes += bytes;
    this.#turn();
  }

  /** The body is complete: the client cannot be too slow any more. */
  ends(): void {
    this.#hasEnded = true;
  }

  get bytesPerSecond(): number {
    this.#countWait();
    this.#turn();
    return ((this.#bytes + this.#bytesBefore) * 1000) / Math.max(1, this.#waited + this.#waitedBefore);
  }

  /** @returns false as well while there is less than one window of waiting to judge by. */
  isBelow(bytesPerSecond: number): boolean {
    if (this.#hasEnded) return false;
    const isSlow = this.bytesPerSecond < bytesPerSecond;
    return isSlow && this.#waited + this.#waitedBefore >= this.#windowMillis;
  }

  #countWait(): void {
    if (this.#waitingSince === undefined) return;
    const now = performance.now();
    const waited = now - this.#waitingSince;
    this.#waitingSince = now;
    if (waited >= 2 * this.#windowMillis) this.#bytes = 0;
    this.#waited += waited;
  }

  /** Begins the next window if this one is over. */
  #turn(): void {
    if (this.#waited < this.#windowMillis) return;
    this.#bytesBefore = this.#bytes;
    this.#waitedBefore = this.#waited;
    this.#bytes = this.#waited = 0;
  }
}
