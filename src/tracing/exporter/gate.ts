/**
 * One gate before the collector, for all batches: while it is closed nothing is sent. It closes when the collector cannot be
 * reached, longer each time it happens again (exponential backoff with full jitter), and when it asks to be left alone. After
 * some failures in a row it is broken, as a circuit breaker is: from then on one batch at a time tries, until one gets through.
 */

const FIRST_MILLIS = 1_000;
const LONGEST_BACKOFF_MILLIS = 10_000;
/**
 * No batch lives longer than this, so obeying a longer wish would mean to drop all that comes, unseen. One attempt a minute
 * is patience enough.
 */
const LONGEST_WISH_MILLIS = 60_000;
/** Failures in a row after which the collector counts as gone: about ten seconds of backoff. */
export const BREAKING_FAILURES = 5;

export interface GateParts {
  /** Monotonic milliseconds. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Told when the gate breaks, and when it is whole again. */
  onBroken?(broken: boolean): void;
}

export class Gate {
  readonly #parts: GateParts;
  /** Until when the collector wants no request. */
  #wishedUntil = 0;
  /** Until when we do not want to try. */
  #backedOffUntil = 0;
  #closedAt = 0;
  #failures = 0;
  #probing = false;
  #curious: (() => void)[] = [];

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Milliseconds until it opens; 0 if it is open. @param hurry whether only the collector's own wish counts. */
  waitMillis(hurry: boolean): number {
    const until = hurry ? this.#wishedUntil : Math.max(this.#wishedUntil, this.#backedOffUntil);
    return Math.max(0, until - this.#parts.now());
  }

  /** Whether the collector counts as gone. */
  get broken(): boolean {
    return this.#failures >= BREAKING_FAILURES;
  }

  /** Whether one may try now; who may must say what came of it, by `open` or `close`. @param hurry whether to try side by side. */
  enter(hurry: boolean): boolean {
    if (!this.broken || hurry) return true;
    if (this.#probing) return false;
    this.#probing = true;
    return true;
  }

  /** Resolves when the attempt that runs, or the next one, is over. */
  news(): Promise<void> {
    return new Promise((resolve) => this.#curious.push(resolve));
  }

  /** After an attempt that was answered. */
  open(): void {
    const wasBroken = this.broken;
    this.#failures = 0;
    this.#backedOffUntil = 0;
    this.#attempted();
    if (wasBroken) this.#parts.onBroken?.(false);
  }

  /**
   * After an attempt in vain. Attempts that ran side by side and failed together count once.
   * @param startedAt when the attempt began. @param wishMillis what the collector asked for.
   */
  close(startedAt: number, wishMillis: number | undefined): void {
    const now = this.#parts.now();
    if (wishMillis !== undefined) {
      this.#wishedUntil = Math.max(this.#wishedUntil, now + Math.min(wishMillis, LONGEST_WISH_MILLIS));
    }
    if (startedAt >= this.#closedAt) {
      this.#closedAt = now;
      const most = Math.min(LONGEST_BACKOFF_MILLIS, FIRST_MILLIS * 2 ** this.#failures++);
      this.#backedOffUntil = now + most * this.#parts.random();
      if (this.#failures === BREAKING_FAILURES) this.#parts.onBroken?.(true);
    }
    this.#attempted();
  }

  #attempted(): void {
    this.#probing = false;
    const curious = this.#curious;
    this.#curious = [];
    for (const tell of curious) tell();
  }
}
