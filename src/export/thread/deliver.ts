/**
 * Sends a batch until it is delivered, rejected or too old, and reports what became of it. A batch that is too large for the
 * collector is halved. While the circuit breaker is open, the credentials are rejected, or the process ends, items go to the
 * fallback instead, if there is one.
 */
import type { DeliveryResult, ExportDropReason } from '../messages.ts';
import { type BatchSlice, halves } from './batch-slice.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Fallback } from './fallback.ts';
import { type Exporter, type ExportResult, printable } from './result.ts';

export interface DeliveryParts {
  readonly exporter: Exporter;
  readonly breaker: CircuitBreaker;
  readonly closing: Closing;
  /** Where items go that the collector does not accept; undefined drops them. */
  readonly fallback?: Fallback | undefined;
  /** An export request with these items. */
  envelope(items: Uint8Array): Uint8Array;
  /** Called for each failed attempt that will be repeated. */
  attemptFailed(message: string): void;
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after this time, or when the signal is aborted. */
  pause(millis: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The end of the process. From then on the gateway waits only for a collector that sends Retry-After. */
export interface Closing {
  /** Aborted when the end begins. */
  readonly signal: AbortSignal;
  /** Aborted shortly before the end is over: running attempts are abandoned. */
  readonly late: AbortSignal;
  /** When the end is over: monotonic milliseconds, infinite as long as it has not begun. */
  endsAt: number;
}

/** Single items that are too large for a collector that has accepted none yet. */
const MOST_TOO_LARGE = 3;
/** Of a batch whose time ended during its first attempt, or before it. */
const NO_RESPONSE = 'the collector did not respond in time';

/** Never rejects. @param expiresAt when the batch is too old, on the clock of `parts`. */
export async function deliver(parts: DeliveryParts, batch: BatchSlice, expiresAt: number): Promise<DeliveryResult> {
  const result: Draft = { exported: 0, saved: 0, dropped: {} };
  const waiting = [batch];
  for (let slice = waiting.shift(); slice !== undefined; slice = waiting.shift()) {
    const tooLarge = await deliverSlice(parts, slice, expiresAt, result);
    if (tooLarge === undefined) continue;
    if (slice.items > 1) waiting.unshift(...halves(slice));
    else drop(result, 1, 'too_large', tooLarge.message);
    // The collector rejects even single items, whatever their size: size is not the cause.
    if ((result.dropped.too_large ?? 0) >= MOST_TOO_LARGE && result.exported === 0)
      for (const { items } of waiting.splice(0)) drop(result, items, 'too_large', tooLarge.message);
  }
  return result;
}

type Draft = {
  exported: number;
  saved: number;
  readonly dropped: Partial<Record<ExportDropReason, number>>;
  message?: string | undefined;
};
type TooLarge = Extract<ExportResult, { type: 'too_large' }>;

/** @returns the response to a slice that is too large; any other outcome is in the draft. */
async function deliverSlice(
  parts: DeliveryParts,
  slice: BatchSlice,
  expiresAt: number,
  draft: Draft,
): Promise<TooLarge | undefined> {
  const { exporter, breaker, closing } = parts;
  const request = parts.envelope(slice.bytes);
  while (await isAllowed(parts, expiresAt)) {
    const hurry = closing.signal.aborted;
    const startedAt = parts.now();
    const result = await beforeTheEnd(closing, exporter.export(request).catch(asFailure));
    if (result === undefined) break;
    if (result.type === 'retryable') {
      breaker.failed(startedAt, result.delayMillis, result.message);
      if (hurry && result.delayMillis === undefined) break;
      parts.attemptFailed(result.message);
    } else if (result.type === 'unauthorized') {
      breaker.failed(startedAt, undefined, result.message);
      return void lose(parts, slice.items, request, draft, 'rejected', result.message);
    } else {
      breaker.succeeded();
      if (result.type === 'too_large') return result;
      return void record(draft, slice.items, result);
    }
  }
  const reason = closing.signal.aborted ? 'shutdown' : 'deadline';
  return void lose(parts, slice.items, request, draft, reason, breaker.lastError ?? NO_RESPONSE);
}

/** Waits for the breaker. False if the batch is too old, or if the breaker is open and there is a fallback. */
async function isAllowed({ breaker, closing, fallback, now, pause }: DeliveryParts, expiresAt: number) {
  for (;;) {
    const hurry = closing.signal.aborted;
    const wait = breaker.waitMillis(hurry);
    if (now() + wait >= Math.min(expiresAt, closing.endsAt)) return false;
    if (wait === 0 && breaker.tryEnter(hurry)) return true;
    if (fallback !== undefined && breaker.isOpen) return false;
    if (wait > 0) await pause(wait, hurry ? undefined : closing.signal);
    else await breaker.nextOutcome();
  }
}

/** The result of an attempt; undefined if the process ends before there is one, so that the slice can still be saved. */
function beforeTheEnd({ late }: Closing, attempt: Promise<ExportResult>): Promise<ExportResult | undefined> {
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(undefined);
    if (late.aborted) giveUp();
    late.addEventListener('abort', giveUp, { once: true });
    void attempt.then((result) => {
      late.removeEventListener('abort', giveUp);
      resolve(result);
    });
  });
}

/** An unexpected error would be thrown again by the next attempt. */
function asFailure(error: unknown): ExportResult {
  return { type: 'failure', message: printable(`cannot be sent: ${error}`) };
}

function record(draft: Draft, items: number, result: Extract<ExportResult, { type: 'success' | 'failure' }>): void {
  const rejected = result.type === 'failure' ? items : Math.min(items, result.rejected);
  draft.exported += items - rejected;
  if (rejected > 0) drop(draft, rejected, 'rejected', result.message);
  else if (result.message) draft.message = result.message;
}

/** @param reason where there is no fallback. */
function lose(
  { fallback }: DeliveryParts,
  items: number,
  request: Uint8Array,
  draft: Draft,
  reason: ExportDropReason,
  message: string | undefined,
): void {
  const failure = fallback?.save(request);
  if (fallback === undefined) drop(draft, items, reason, message);
  else if (failure !== undefined) drop(draft, items, 'fallback_failed', failure);
  else {
    draft.saved += items;
    draft.message ??= message;
  }
}

function drop(draft: Draft, items: number, reason: ExportDropReason, message: string | undefined): void {
  draft.dropped[reason] = (draft.dropped[reason] ?? 0) + items;
  draft.message = message ?? draft.message;
}
