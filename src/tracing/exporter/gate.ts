/**
 * One gate before the collector, for all batches: while it is closed nothing is sent. It closes when the collector cannot be
 * reached or lets nobody pass, longer each time it happens again (exponential backoff with full jitter), and when it asks to be left
 * alone: for as long as it asks, and by chance up to twice as long, because it has asked all the others as well, and they must not all
 * be back at once. After some failures in a row it is broken, as a circuit breaker is: from then on one batch at a time tries, until
 * one gets through.
 */

const FIRST_MILLIS = 1_000;
const LONGEST_BACKOFF_MILLIS = 10_000;
/**
 * A collector that is back is to have spans again within thirty seconds, whatever it has asked for: this, the spread and one attempt. Batches
 * live for a minute, so obeying wishes that are much longer would mean to drop all that comes, unseen; and one attempt in twenty seconds, with
 * one batch, is patience enough.
 */
const LONGEST_WISH_MILLIS = 15_000;
const LONGEST_SPREAD_MILLIS = 10_000;
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
  /** The same, spread over the fleet. */
  #patientUntil = 0;
  /** How much of what could be waited is waited this time: from 0 to 1. */
  #share = 0;
  /** Until when we do not want to try. */
  #backedOffUntil = 0;
  #closedAt = 0;
  #failures = 0;
  #why: string | undefined;
  #probing = false;
  #curious: (() => void)[] = [];

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Milliseconds until it opens; 0 if it is open. @param hurry whether only the collector's own wish counts. */
  waitMillis(hurry: boolean): number {
    const until = hurry ? this.#wishedUntil : Math.max(this.#patientUntil, this.#backedOffUntil);
    return Math.max(0, until - this.#parts.now());
  }

  /** Whether the collector counts as gone. */
  get broken(): boolean {
    return this.#failures >= BREAKING_FAILURES;
  }

  /** What was said of the last attempt, if it was in vain. */
  get why(): string | undefined {
    return this.#why;
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

  /** After an attempt that was answered, if only with what is wrong with the request. */
  open(): void {
    const wasBroken = this.broken;
    this.#failures = 0;
    this.#backedOffUntil = 0;
    this.#why = undefined;
    this.#attempted();
    if (wasBroken) this.#parts.onBroken?.(false);
  }

  /**
   * After an attempt in vain, as any other would have been. Attempts that ran side by side and failed together count once.
   * @param startedAt when the attempt began. @param wishMillis what the collector asked for. @param why what was said.
   */
  close(startedAt: number, wishMillis: number | undefined, why = ''): void {
    const now = this.#parts.now();
    this.#why = why;
    if (startedAt >= this.#closedAt) {
      this.#closedAt = now;
      this.#share = this.#parts.random();
      const most = Math.min(LONGEST_BACKOFF_MILLIS, FIRST_MILLIS * 2 ** this.#failures++);
      this.#backedOffUntil = now + most * this.#share;
      if (this.#failures === BREAKING_FAILURES) this.#parts.onBroken?.(true);
    }
    if (wishMillis !== undefined) this.#obey(now, Math.min(wishMillis, LONGEST_WISH_MILLIS));
    this.#attempted();
  }

  #obey(now: number, wishMillis: number): void {
    const spread = Math.min(wishMillis, LONGEST_SPREAD_MILLIS) * this.#share;
    this.#wishedUntil = Math.max(this.#wishedUntil, now + wishMillis);
    this.#patientUntil = Math.max(this.#patientUntil, now + wishMillis + spread);
  }

  #attempted(): void {
    this.#probing = false;
    const curious = this.#curious;
    this.#curious = [];
    for (const tell of curious) tell();
  }
}
