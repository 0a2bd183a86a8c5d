/**
 * Circuit breaker and backoff before one collector, for all batches of a signal. After a failure nothing is sent for a while,
 * longer with each failure in a row (exponential backoff with full jitter). A Retry-After is obeyed, plus up to 100 % random
 * jitter, because the collector sends the same value to every gateway. After some failures in a row the breaker opens: from
 * then on one batch at a time probes, until a probe succeeds.
 */

const FIRST_BACKOFF_MILLIS = 1_000;
const LONGEST_BACKOFF_MILLIS = 10_000;
/**
 * A collector that is back gets data again within thirty seconds, whatever its last Retry-After was: this, the jitter and one
 * attempt. Batches live for a minute, so a much longer wait would drop everything that arrives meanwhile. One batch in twenty
 * seconds does not burden a collector.
 */
const LONGEST_RETRY_AFTER_MILLIS = 15_000;
const LONGEST_JITTER_MILLIS = 10_000;
/** Failures in a row after which the breaker opens: about ten seconds of backoff. */
export const OPENING_FAILURES = 5;

export interface BreakerParts {
  /** Monotonic milliseconds. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Called when the breaker opens, and when it closes again. */
  onChange?(open: boolean): void;
}

export class CircuitBreaker {
  readonly #parts: BreakerParts;
  /** End of the collector's Retry-After. */
  #retryAfterEnds = 0;
  /** The same with jitter. */
  #jitteredEnds = 0;
  /** Ratio of the longest wait that is waited this time: from 0 to 1. */
  #ratio = 0;
  #backoffEnds = 0;
  #lastFailureAt = 0;
  #failures = 0;
  #lastError: string | undefined;
  #probing = false;
  #listeners: (() => void)[] = [];

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  /** Milliseconds until the next attempt; 0 for now. @param hurry whether only the collector's Retry-After counts, as at the end. */
  waitMillis(hurry: boolean): number {
    const until = hurry ? this.#retryAfterEnds : Math.max(this.#jitteredEnds, this.#backoffEnds);
    return Math.max(0, until - this.#parts.now());
  }

  get isOpen(): boolean {
    return this.#failures >= OPENING_FAILURES;
  }

  /** Message of the last attempt, if it failed. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /**
   * Whether an attempt may begin now. If so, the caller reports its outcome by `succeeded` or `failed`.
   * @param hurry whether attempts run in parallel even while the breaker is open.
   */
  tryEnter(hurry: boolean): boolean {
    if (!this.isOpen || hurry) return true;
    if (this.#probing) return false;
    this.#probing = true;
    return true;
  }

  /** Resolves when the running attempt, or the next one, is over. */
  nextOutcome(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  /** After an attempt with a response, even one that rejects the request. */
  succeeded(): void {
    const wasOpen = this.isOpen;
    this.#failures = 0;
    this.#backoffEnds = 0;
    this.#lastError = undefined;
    this.#notify();
    if (wasOpen) this.#parts.onChange?.(false);
  }

  /**
   * After an attempt that failed, as any other would have. Attempts that ran in parallel and failed together count once.
   * @param startedAt when the attempt began.
   */
  failed(startedAt: number, retryAfterMillis: number | undefined, message = ''): void {
    const now = this.#parts.now();
    this.#lastError = message;
    if (startedAt >= this.#lastFailureAt) {
      this.#lastFailureAt = now;
      this.#ratio = this.#parts.random();
      const longest = Math.min(LONGEST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** this.#failures++);
      this.#backoffEnds = now + longest * this.#ratio;
      if (this.#failures === OPENING_FAILURES) this.#parts.onChange?.(true);
    }
    if (retryAfterMillis !== undefined) this.#obey(now, Math.min(retryAfterMillis, LONGEST_RETRY_AFTER_MILLIS));
    this.#notify();
  }

  #obey(now: number, retryAfterMillis: number): void {
    const jitter = Math.min(retryAfterMillis, LONGEST_JITTER_MILLIS) * this.#ratio;
    this.#retryAfterEnds = Math.max(this.#retryAfterEnds, now + retryAfterMillis);
    this.#jitteredEnds = Math.max(this.#jitteredEnds, now + retryAfterMillis + jitter);
  }

  #notify(): void {
    this.#probing = false;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const resolve of listeners) resolve();
  }
}
