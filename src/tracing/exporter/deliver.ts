/** Tries until a batch is delivered, refused, or too old, and says what became of it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Settlement } from '../pipeline/messages.ts';
import type { Gate } from './gate.ts';
import { type Exporter, type ExportResult, printable } from './result.ts';

export interface DeliveryParts {
  readonly exporter: Exporter;
  readonly gate: Gate;
  readonly closing: Closing;
  /** Called for each attempt in vain that will be repeated. */
  trouble(message: string): void;
  /** Monotonic milliseconds. */
  now(): number;
}

/** The end of the process. A collector that does not say how long it needs is not waited for any more. */
export interface Closing {
  /** Aborted when the end begins. */
  readonly signal: AbortSignal;
  /** When it is over: monotonic milliseconds, infinite as long as it has not begun. */
  endsAt: number;
}

/** Never rejects. @param spans how many are in the request. @param expiresAt when they are too old, on the clock of `parts`. */
export async function deliver(
  parts: DeliveryParts,
  request: Uint8Array,
  spans: number,
  expiresAt: number,
): Promise<Settlement> {
  const { exporter, gate, closing } = parts;
  let last = 'the collector asked for patience';
  for (;;) {
    const wait = gate.waitMillis(closing.signal.aborted);
    if (parts.now() + wait >= Math.min(expiresAt, closing.endsAt)) return lost(spans, closing, last);
    if (wait > 0 && !(await waited(wait, closing.signal))) continue;
    const startedAt = parts.now();
    const result = await exporter.export(request).catch(asFailure);
    if (result.type !== 'retryable') {
      gate.open();
      return settle(spans, result);
    }
    gate.close(startedAt, result.delayMillis);
    last = result.message;
    if (closing.signal.aborted && result.delayMillis === undefined) return lost(spans, closing, last);
    parts.trouble(last);
  }
}

/** False if the end of the process came first. */
async function waited(millis: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return pause(millis, true);
  return pause(millis, true, { signal }).catch(() => false);
}

/** What no attempt should throw would throw again the next time. */
function asFailure(error: unknown): ExportResult {
  return { type: 'failure', message: printable(`cannot be sent: ${error}`) };
}

function settle(spans: number, result: Exclude<ExportResult, { type: 'retryable' }>): Settlement {
  const rejected = result.type === 'failure' ? spans : Math.min(spans, result.rejected);
  return { exported: spans - rejected, dropped: rejected, reason: 'rejected', message: result.message };
}

function lost(spans: number, { signal }: Closing, message: string): Settlement {
  return { exported: 0, dropped: spans, reason: signal.aborted ? 'shutdown' : 'deadline', message };
}
