/**
 * Tries until a batch is delivered, refused, or too old, and says what became of it. What is too much at once for the collector
 * is halved. While the collector counts as gone, or lets nobody pass, and at the end, spans go to the fallback instead, if there is one.
 */
import type { ExportDropReason, Settlement } from '../pipeline/messages.ts';
import type { Fallback } from './fallback.ts';
import type { Gate } from './gate.ts';
import { halves, type Piece } from './piece.ts';
import { type Exporter, type ExportResult, printable } from './result.ts';

export interface DeliveryParts {
  readonly exporter: Exporter;
  readonly gate: Gate;
  readonly closing: Closing;
  /** Where spans go that the collector does not get; undefined drops them. */
  readonly fallback?: Fallback | undefined;
  /** An ExportTraceServiceRequest of these spans. */
  envelope(spans: Uint8Array): Uint8Array;
  /** Called for each attempt in vain that will be repeated. */
  trouble(message: string): void;
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after so many milliseconds, or when the signal is aborted. */
  pause(millis: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The end of the process. A collector that does not say how long it needs is not waited for any more. */
export interface Closing {
  /** Aborted when the end begins. */
  readonly signal: AbortSignal;
  /** Aborted shortly before it is over: attempts under way are given up. */
  readonly late: AbortSignal;
  /** When it is over: monotonic milliseconds, infinite as long as it has not begun. */
  endsAt: number;
}

/** Single spans that are too large for a collector that has taken none yet. */
const HOPELESS = 3;

/** Never rejects. @param expiresAt when the batch is too old, on the clock of `parts`. */
export async function deliver(parts: DeliveryParts, batch: Piece, expiresAt: number): Promise<Settlement> {
  const settlement: Draft = { exported: 0, saved: 0, dropped: {} };
  const waiting = [batch];
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
    const result = await deliverPiece(parts, piece, expiresAt, settlement);
    if (result?.type !== 'too_large') continue;
    if (piece.spans > 1) waiting.unshift(...halves(piece));
    else drop(settlement, 1, 'too_large', result.message);
    // Not one of several, however few at a time: it is not the size that is wrong.
    if ((settlement.dropped.too_large ?? 0) >= HOPELESS && settlement.exported === 0)
      for (const { spans } of waiting.splice(0)) drop(settlement, spans, 'too_large', result.message);
  }
  return settlement;
}

type Draft = {
  exported: number;
  saved: number;
  readonly dropped: Partial<Record<ExportDropReason, number>>;
  message?: string | undefined;
};
type TooLarge = Extract<ExportResult, { type: 'too_large' }>;

/** @returns what is to be done about it, if it is not booked. */
async function deliverPiece(
  parts: DeliveryParts,
  piece: Piece,
  expiresAt: number,
  settlement: Draft,
): Promise<TooLarge | undefined> {
  const { exporter, gate, closing } = parts;
  const request = parts.envelope(piece.bytes);
  while (await turnComes(parts, expiresAt)) {
    const hurry = closing.signal.aborted;
    const startedAt = parts.now();
    const result = await beforeTheEnd(closing, exporter.export(request).catch(asFailure));
    if (result === undefined) break;
    if (result.type === 'retryable') {
      gate.close(startedAt, result.delayMillis, result.message);
      if (hurry && result.delayMillis === undefined) break;
      parts.trouble(result.message);
    } else if (result.type === 'barred') {
      gate.close(startedAt, undefined, result.message);
      return void lose(parts, piece.spans, request, settlement, 'rejected', result.message);
    } else {
      gate.open();
      if (result.type === 'too_large') return result;
      return void book(settlement, piece.spans, result);
    }
  }
  return void lose(parts, piece.spans, request, settlement, closing.signal.aborted ? 'shutdown' : 'deadline', gate.why);
}

/** False where it would be too late, and where the collector is gone and there is somewhere else to go. */
async function turnComes({ gate, closing, fallback, now, pause }: DeliveryParts, expiresAt: number): Promise<boolean> {
  for (;;) {
    const hurry = closing.signal.aborted;
    const wait = gate.waitMillis(hurry);
    if (now() + wait >= Math.min(expiresAt, closing.endsAt)) return false;
    if (wait === 0 && gate.enter(hurry)) return true;
    if (fallback !== undefined && gate.broken) return false;
    if (wait > 0) await pause(wait, hurry ? undefined : closing.signal);
    else await gate.news();
  }
}

/** The result of an attempt; undefined where the process ends before there is one: what it holds can still be saved then. */
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

/** What no attempt should throw would throw again the next time. */
function asFailure(error: unknown): ExportResult {
  return { type: 'failure', message: printable(`cannot be sent: ${error}`) };
}

function book(settlement: Draft, spans: number, result: Extract<ExportResult, { type: 'success' | 'failure' }>): void {
  const rejected = result.type === 'failure' ? spans : Math.min(spans, result.rejected);
  settlement.exported += spans - rejected;
  if (rejected > 0) drop(settlement, rejected, 'rejected', result.message);
  else if (result.message) settlement.message = result.message;
}

/** @param reason where there is no fallback. */
function lose(
  { fallback }: DeliveryParts,
  spans: number,
  request: Uint8Array,
  settlement: Draft,
  reason: ExportDropReason,
  message: string | undefined,
): void {
  const failure = fallback?.save(request);
  if (fallback === undefined) drop(settlement, spans, reason, message);
  else if (failure !== undefined) drop(settlement, spans, 'fallback_failed', failure);
  else {
    settlement.saved += spans;
    settlement.message ??= message;
  }
}

function drop(settlement: Draft, spans: number, reason: ExportDropReason, message: string | undefined): void {
  settlement.dropped[reason] = (settlement.dropped[reason] ?? 0) + spans;
  settlement.message = message ?? settlement.message;
}
