/** The collector of one signal, in the exporter thread: batches come in, each gets a result, and the end has a deadline. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, ExportSettings, FromExporter } from '../messages.ts';
import { otlpRequest } from '../otlp/otlp-request.ts';
import type { SharedLookup } from '../shared-lookup.ts';
import type { Signal } from '../signal.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { createExporter } from './create-exporter.ts';
import { DeferredExporter } from './deferred-exporter.ts';
import { type DeliveryParts, deliver } from './deliver.ts';
import { openFallback } from './fallback.ts';
import { withoutSecrets } from './without-secrets.ts';

/** Sends a message to the main thread. */
export type Post = (message: FromExporter, ...transferred: ArrayBuffer[]) => void;

const PARALLEL_EXPORTS = 4;
/** The last part of the shutdown, reserved for the fallback. */
const SAVING_MILLIS = 500;
/** Its part of a shorter shutdown. */
const SAVING_SHARE = 0.25;

type Waiting = Batch & { readonly expiresAt: number };

export class Destination {
  readonly #signal: Signal;
  readonly #settings: ExportSettings;
  readonly #post: Post;
  readonly #exporter: DeferredExporter;
  readonly #ending = new AbortController();
  readonly #late = new AbortController();
  readonly #parts: DeliveryParts;
  readonly #exports = new ConcurrencyLimit<Waiting>(PARALLEL_EXPORTS, (batch) => this.#deliver(batch));

  constructor(signal: Signal, settings: ExportSettings, lookup: SharedLookup, post: Post) {
    this.#signal = signal;
    this.#settings = settings;
    this.#post = post;
    this.#exporter = new DeferredExporter(() => createExporter(signal, settings, lookup));
    const now = (): number => performance.now();
    this.#parts = {
      exporter: this.#exporter,
      breaker: new CircuitBreaker({
        now,
        random: Math.random,
        onChange: (open) => post({ type: 'breaker', signal, open }),
      }),
      closing: { signal: this.#ending.signal, late: this.#late.signal, endsAt: Number.POSITIVE_INFINITY },
      fallback: settings.fallback && openFallback(settings.fallback),
      envelope: (items) => otlpRequest(settings.resource, settings.scope, items),
      attemptFailed: (message) => post({ type: 'attempt_failed', signal, message: this.#clean(message) }),
      now,
      pause: (millis, signal) => sleep(millis, undefined, signal && { signal }).catch(() => undefined),
    };
  }

  add(batch: Batch): void {
    this.#exports.add({ ...batch, expiresAt: this.#parts.now() + this.#settings.deadlineMillis });
  }

  /** Gives every batch its result within this time. */
  async close(millis: number): Promise<void> {
    this.#parts.closing.endsAt = this.#parts.now() + millis;
    this.#ending.abort();
    const saving = Math.min(SAVING_MILLIS, millis * SAVING_SHARE);
    const timer = setTimeout(() => this.#late.abort(), Math.max(0, millis - saving));
    await this.#exports.idle();
    clearTimeout(timer);
    this.#exporter.close();
    this.#post({ type: 'closed', signal: this.#signal });
  }

  async #deliver({ id, items, bytes, expiresAt }: Waiting): Promise<void> {
    const memory = bytes.buffer;
    const result = await deliver(this.#parts, { items, bytes }, expiresAt);
    const message = result.message && this.#clean(result.message);
    this.#post({ type: 'settled', signal: this.#signal, id, result: { ...result, message }, memory }, memory);
  }

  #clean(message: string): string {
    return withoutSecrets(Object.values(this.#exporter.headers))(message);
  }
}
