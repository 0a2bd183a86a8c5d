/**
 * What the log says of failing exports: one line when they begin, one summary a minute at most while they last, one when they
 * are over; two lines a minute at most, whatever the collector does. At the end of the process there is one more line for
 * drops that were not reported yet.
 */
import type { Log } from '../domain/log.ts';
import type { ExportCounts } from './export-counts.ts';
import { SIGNALS, type Signal } from './signal.ts';

const QUIET_MILLIS = 60_000;
const MAX_LINES = 2;

export class DeliveryLog {
  readonly #log: Log;
  readonly #counts: ExportCounts;
  readonly #noun: string;
  readonly #endpoint: string;
  readonly #now: () => number;
  /** Whether the last line reported a failure. */
  #failing = false;
  #lastLine = Number.NEGATIVE_INFINITY;
  #lastWarning = Number.NEGATIVE_INFINITY;
  /** When the last lines of any kind were written. */
  readonly #written: number[] = [];
  #failures = 0;
  #droppedBefore = 0;
  #reason: string | undefined;

  /** @param endpoint of the collector; it holds no secret. @param now monotonic milliseconds. */
  constructor(
    log: Log,
    counts: ExportCounts,
    signal: Signal,
    endpoint: string,
    now: () => number = () => performance.now(),
  ) {
    this.#log = log;
    this.#counts = counts;
    this.#noun = SIGNALS[signal].noun;
    this.#endpoint = endpoint;
    this.#now = now;
  }

  /** A batch was not delivered, or not yet. @param message printable, without secrets. */
  failed(message: string): void {
    this.#failures++;
    this.#reason = message;
    if (this.#now() - this.#lastLine < QUIET_MILLIS || !this.#mayWrite()) return;
    this.#log.warn(this.#fields(message), `${this.#noun} are ${this.#failing ? 'still ' : ''}not delivered`);
    this.#failing = true;
    this.#begin();
  }

  /** The queue had no room for an item. While exports fail that is only a consequence. */
  overflowed(why: string): void {
    if (!this.#failing) this.failed(why);
  }

  /** A batch was delivered, and the response holds a message. */
  warned(message: string): void {
    if (this.#now() - this.#lastWarning < QUIET_MILLIS || !this.#mayWrite()) return;
    this.#lastWarning = this.#now();
    const fields = { endpoint: this.#endpoint, reason: message };
    this.#log.warn(fields, `the collector accepted the ${this.#noun} with a warning`);
  }

  /** Once, when nothing more is delivered. */
  ended(): void {
    const unreported = this.#counts.totalDropped() > this.#droppedBefore;
    if (unreported) this.#log.warn(this.#fields(this.#reason), `${this.#noun} were lost at the end`);
  }

  /** A batch was delivered as a whole. A line that may not be written now is written with a later batch. */
  delivered(): void {
    if (!this.#failing || !this.#mayWrite()) return;
    this.#failing = false;
    this.#log.info(this.#fields(undefined), `${this.#noun} are delivered again`);
    this.#failures = 0;
    this.#droppedBefore = this.#counts.totalDropped();
  }

  /** Counts a line, if one is allowed. */
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
    this.#droppedBefore = this.#counts.totalDropped();
  }

  #fields(reason: string | undefined): object {
    const { saved, queued } = this.#counts;
    const dropped = this.#counts.totalDropped();
    const prefix = this.#noun.replaceAll(' ', '_');
    return {
      endpoint: this.#endpoint,
      reason,
      failures: this.#failures,
      [`${prefix}_dropped`]: dropped - this.#droppedBefore,
      [`${prefix}_dropped_in_total`]: dropped,
      ...(saved > 0 && { [`${prefix}_written_to_fallback`]: saved }),
      [`${prefix}_queued`]: queued,
    };
  }
}
