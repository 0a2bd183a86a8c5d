/**
 * What the operator hears of export trouble: one line when it begins, one summary a minute at most while it lasts, one when
 * it is over. A collector that comes and goes all the time causes no more lines than one that is away.
 */
import type { Log } from '../../domain/log.ts';
import type { Figures } from './figures.ts';

const QUIET_MILLIS = 60_000;

export class TroubleLog {
  readonly #log: Log;
  readonly #figures: Figures;
  readonly #endpoint: string;
  readonly #now: () => number;
  /** Whether the last line said that there is trouble. */
  #said = false;
  #lastLine = Number.NEGATIVE_INFINITY;
  #lastWarning = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #droppedBefore = 0;

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
    if (this.#now() - this.#lastLine < QUIET_MILLIS) return;
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
    if (this.#now() - this.#lastWarning < QUIET_MILLIS) return;
    this.#lastWarning = this.#now();
    this.#log.warn({ endpoint: this.#endpoint, reason: message }, 'the collector took the spans, and warns');
  }

  /** A batch was delivered as a whole. */
  delivered(): void {
    if (!this.#said) return;
    this.#said = false;
    this.#log.info(this.#fields(undefined), 'spans are delivered again');
    this.#failures = 0;
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
      spans_queued: this.#figures.queued,
    };
  }
}
