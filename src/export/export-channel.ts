/** One signal's way to the exporter thread: posted batches, waiting batches, and their results. */
import type { Worker } from 'node:worker_threads';
import type { Batch, DeliveryResult, ExportSettings, FromExporter, ToExporter } from './messages.ts';
import type { Signal } from './signal.ts';

export interface ChannelEvents {
  /** @param memory of the batch, to be used again. */
  settled(batch: Batch, result: DeliveryResult, memory: ArrayBuffer): void;
  /** The thread died with this batch. */
  lost(batch: Batch): void;
  /** The circuit breaker before the collector has changed its state. */
  breaker(open: boolean): void;
  /** An attempt failed and will be repeated, or the thread died. */
  attemptFailed(message: string): void;
}

export interface ChannelParts {
  readonly signal: Signal;
  readonly settings: ExportSettings;
  readonly events: ChannelEvents;
  /** Called for each batch that got its result. */
  delivered(): void;
  /** Called once, when the channel has closed. */
  closed(): void;
}

export class ExportChannel {
  readonly #parts: ChannelParts;
  /** Handed over, without a result. */
  readonly #posted = new Map<number, Batch>();
  /** Not handed over, because there is no thread. */
  #waiting: Batch[] = [];
  #worker: Worker | undefined;
  #onClosed: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: ChannelParts) {
    this.#parts = parts;
  }

  /** Ignored after `close`. */
  send(batch: Batch): void {
    if (this.#isClosed) return;
    if (this.#worker === undefined) this.#waiting.push(batch);
    else this.#post(this.#worker, batch);
  }

  /**
   * Lets the thread deliver what it has. Takes no longer than `timeoutMillis` and never rejects.
   * @returns the batches without a result.
   */
  async close(timeoutMillis: number): Promise<Batch[]> {
    if (this.#worker !== undefined) await this.#drained(this.#worker, timeoutMillis);
    this.#isClosed = true;
    const left = [...this.#posted.values(), ...this.#waiting];
    this.#posted.clear();
    this.#waiting = [];
    this.#parts.closed();
    return left;
  }

  attach(worker: Worker): void {
    const { signal, settings } = this.#parts;
    this.#worker = worker;
    worker.postMessage({ type: 'open', signal, settings } satisfies ToExporter);
    for (const batch of this.#waiting.splice(0)) this.#post(worker, batch);
  }

  receive(message: Exclude<FromExporter, { type: 'look_up' }>): void {
    const { events } = this.#parts;
    if (message.type === 'attempt_failed') events.attemptFailed(message.message);
    else if (message.type === 'breaker') events.breaker(message.open);
    else if (message.type === 'settled') this.#settled(message);
    else this.#onClosed?.();
  }

  attemptFailed(message: string): void {
    this.#parts.events.attemptFailed(message);
  }

  threadDied(why: string): void {
    this.#worker = undefined;
    const lost = [...this.#posted.values()];
    this.#posted.clear();
    for (const batch of lost) this.#parts.events.lost(batch);
    this.attemptFailed(`the exporter thread died: ${why}`);
    this.#onClosed?.();
  }

  #drained(worker: Worker, timeoutMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMillis);
      this.#onClosed = () => {
        clearTimeout(timer);
        resolve();
      };
      const { signal } = this.#parts;
      worker.postMessage({ type: 'close', signal, millis: timeoutMillis } satisfies ToExporter);
    });
  }

  #post(worker: Worker, batch: Batch): void {
    const { signal } = this.#parts;
    this.#posted.set(batch.id, batch);
    worker.postMessage({ type: 'batch', signal, batch } satisfies ToExporter, [batch.bytes.buffer]);
  }

  #settled({ id, result, memory }: Extract<FromExporter, { type: 'settled' }>): void {
    const batch = this.#posted.get(id);
    if (batch === undefined) return;
    this.#posted.delete(id);
    this.#parts.delivered();
    this.#parts.events.settled(batch, result, memory);
  }
}
