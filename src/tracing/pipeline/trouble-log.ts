/**
 * What the operator hears of export trouble: one line when it begins, one summary a minute at most while it lasts, one when
 * it is over; whatever the collector does, two lines a minute are the most. At the end of the process there is one more where spans
 * were lost of which no line has told.
 */
import type { Log } from '../../domain/log.ts';
import type { Figures } from './figures.ts';

const QUIET_MILLIS = 60_000;
const MAX_LINES = 2;

export class TroubleLog {
  readonly #log: Log;
  readonly #figures: Figures;
  readonly #endpoint: string;
  readonly #now: () => number;
  /** Whether the last line said that there is trouble. */
  #said = false;
  #lastLine = Number.NEGATIVE_INFINITY;
  #lastWarning = Number.NEGATIVE_INFINITY;
  /** When the last lines of any kind were written. */
  readonly #written: number[] = [];
  #failures = 0;
  #droppedBefore = 0;
  #reason: string | undefined;

  /** @param endpoint of the collector; it holds no secret. @param now monotonic milliseconds. */
  constructor(log: Log, figures: Figures, endpoint: string, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#figures = figures;
    this.#endpoint = endpoint;
    this.#now = now;
  }

  /** Something was not delivered, or not yet. @param message printable, without secrets. */
  failed(message: string): void {
    this.#failures++;
    this.#reason = message;
    if (this.#now() - this.#lastLine < QUIET_MILLIS || !this.#mayWrite()) return;
    this.#log.warn(this.#fields(message), this.#said ? 'spans are still not delivered' : 'spans are not delivered');
    this.#said = true;
    this.#begin();
  }

  /** A span found no place. Where there is trouble already, that is but its consequence. */
  overflowed(why: string): void {
    if (!this.#said) this.failed(why);
  }

  /** A batch was delivered, and the collector has something to say about it. */
  warned(message: string): void {
    if (this.#now() - this.#lastWarning < QUIET_MILLIS || !this.#mayWrite()) return;
    this.#lastWarning = this.#now();
    this.#log.warn({ endpoint: this.#endpoint, reason: message }, 'the collector took the spans, and warns');
  }

  /** Once, when nothing more is delivered. */
  ended(): void {
    const untold = this.#figures.totalDropped() > this.#droppedBefore;
    if (untold) this.#log.warn(this.#fields(this.#reason), 'spans were lost at the end');
  }

  /** A batch was delivered as a whole. What may not be said now is said with a later one. */
  delivered(): void {
    if (!this.#said || !this.#mayWrite()) return;
    this.#said = false;
    this.#log.info(this.#fields(undefined), 'spans are delivered again');
    this.#failures = 0;
    this.#droppedBefore = this.#figures.totalDropped();
  }

  /** Counts a line, if there may be one. */
  #mayWrite(): boolean {
    const now = this.#now();
    if (this.#written.length >= MAX_LINES) {
      if (now - this.#written[0]! < QUIET_MILLIS) return false;
      this.#written.shift();
    }
    this.#written.push(now);
    return true;
  }

  #begin(): void {
    this.#lastLine = this.#now();
    this.#failures = 0;
    this.#droppedBefore = this.#figures.totalDropped();
  }

  #fields(reason: string | undefined): object {
    const dropped = this.#figures.totalDropped();
    return {
      endpoint: this.#endpoint,
      reason,
      failures: this.#failures,
      spans_dropped: dropped - this.#droppedBefore,
      spans_dropped_in_total: dropped,
      ...(this.#figures.saved > 0 && { spans_written_to_fallback: this.#figures.saved }),
      spans_queued: this.#figures.queued,
    };
  }
}
