/**
 * The log lines about failing exports: one when they begin, a summary once a minute while they last, one when they are over. There
 * are two lines a minute at most. At the end of the process there is one more for drops that were not reported yet.
 */
import type { Log } from '../domain/log.ts';
import type { ExportCounts } from './export-counts.ts';
import { SIGNALS, type Signal } from './signal.ts';

const QUIET_MILLIS = 60_000;
const MAX_LINES = 2;

export class DeliveryLog {
  readonly #log: Log;
  readonly #counts: ExportCounts;
  readonly #signal: (typeof SIGNALS)[Signal];
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
    this.#signal = SIGNALS[signal];
    this.#endpoint = endpoint;
    this.#now = now;
  }

  /** A batch was not delivered, or not yet. @param message printable, without secrets. */
  failed(message: string): void {
    this.#failures++;
    this.#reason = message;
    if (this.#now() - this.#lastLine < QUIET_MILLIS || !this.#mayWrite()) return;
    const { failing, stillFailing } = this.#signal.lines;
    this.#log.warn(this.#fields(message), this.#failing ? stillFailing : failing);
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
    this.#log.warn(fields, this.#signal.lines.warning);
  }

  /** Once, when nothing more is delivered. */
  ended(): void {
    const unreported = this.#counts.totalDropped() > this.#droppedBefore;
    if (unreported) this.#log.warn(this.#fields(this.#reason), this.#signal.lines.lost);
  }

  /** A batch was delivered as a whole. A line that may not be written now is written with a later batch. */
  delivered(): void {
    if (!this.#failing || !this.#mayWrite()) return;
    this.#failing = false;
    this.#log.info(this.#fields(undefined), this.#signal.lines.recovered);
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
    const prefix = this.#signal.fieldPrefix;
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
