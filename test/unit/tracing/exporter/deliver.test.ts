import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Closing, deliver } from '../../../../src/tracing/exporter/deliver.ts';
import { Gate } from '../../../../src/tracing/exporter/gate.ts';
import type { ExportResult } from '../../../../src/tracing/exporter/result.ts';
import type { Settlement } from '../../../../src/tracing/pipeline/messages.ts';

const REQUEST = new Uint8Array();
const SUCCESS: ExportResult = { type: 'success', rejected: 0 };
const BUSY: ExportResult = { type: 'retryable', message: 'busy' };

interface Setting {
  /** One for each attempt; the last one stays. */
  readonly results: readonly (ExportResult | Error)[];
  readonly spans?: number;
  /** Milliseconds that an attempt takes, by the clock of the test. */
  readonly attemptMillis?: number;
  readonly expiresAt?: number;
  /** Called at each attempt. */
  readonly during?: (attempt: number) => void;
  readonly closing?: Closing;
  /** Share of the longest backoff that is waited. */
  readonly jitter?: number;
}

async function delivered(setting: Setting): Promise<{ settlement: Settlement; attempts: number; troubles: string[] }> {
  const { results, spans = 5, attemptMillis = 1, expiresAt = 60_000, jitter = 0 } = setting;
  const troubles: string[] = [];
  let [attempts, time] = [0, 0];
  const now = (): number => time;
  const exporter = {
    async export(): Promise<ExportResult> {
      attempts++;
      setting.during?.(attempts);
      time += attemptMillis;
      const result = results[Math.min(attempts, results.length) - 1]!;
      if (result instanceof Error) throw result;
      return result;
    },
    close() {},
  };
  const closing = setting.closing ?? { signal: new AbortController().signal, endsAt: Number.POSITIVE_INFINITY };
  const gate = new Gate({ now, random: () => jitter });
  const parts = { exporter, gate, closing, trouble: (message: string) => troubles.push(message), now };
  const settlement = await deliver(parts, REQUEST, spans, expiresAt);
  return { settlement, attempts, troubles };
}

describe('the delivery of a batch', () => {
  it('ends with the first success', async () => {
    const { settlement, attempts, troubles } = await delivered({ results: [BUSY, BUSY, SUCCESS] });
    assert.deepEqual([settlement.exported, settlement.dropped, attempts], [5, 0, 3]);
    assert.deepEqual(troubles, ['busy', 'busy']);
  });

  it('counts what the collector did not take, never more than there was, and does not send it again', async () => {
    for (const [rejected, dropped] of [
      [2, 2],
      [99, 5],
    ] as const) {
      const { settlement, attempts } = await delivered({ results: [{ type: 'success', rejected, message: 'old' }] });
      assert.deepEqual(settlement, { exported: 5 - dropped, dropped, reason: 'rejected', message: 'old' });
      assert.equal(attempts, 1);
    }
  });

  it('ends with a failure, and with what should not have been thrown', async () => {
    for (const result of [{ type: 'failure', message: 'no' } as const, new Error('no')]) {
      const { settlement, attempts } = await delivered({ results: [result] });
      assert.deepEqual([settlement.exported, settlement.dropped, settlement.reason, attempts], [0, 5, 'rejected', 1]);
      assert.match(settlement.message ?? '', /no$/);
    }
  });

  it('ends when the batch is too old', async () => {
    const { settlement, attempts } = await delivered({ results: [BUSY], attemptMillis: 10_000, expiresAt: 35_000 });
    assert.deepEqual(settlement, { exported: 0, dropped: 5, reason: 'deadline', message: 'busy' });
    assert.equal(attempts, 4);
  });

  it('does not begin to wait for what would come too late', async () => {
    const asked: ExportResult = { type: 'retryable', message: 'later', delayMillis: 50_000 };
    const { settlement, attempts } = await delivered({ results: [asked], expiresAt: 40_000 });
    assert.deepEqual([settlement.reason, attempts], ['deadline', 1]);
  });

  it('makes one last attempt when the process ends, without waiting for a collector that does not say when', async () => {
    const ending = new AbortController();
    const closing = { signal: ending.signal, endsAt: Number.POSITIVE_INFINITY };
    const during = (attempt: number): void => {
      // In the middle of the long pause that follows the first attempt.
      if (attempt === 1) setTimeout(() => ending.abort(), 20);
    };
    const { settlement, attempts } = await delivered({ results: [BUSY], during, closing, jitter: 1 });
    assert.deepEqual([settlement.reason, settlement.dropped, attempts], ['shutdown', 5, 2]);
  });

  it('waits even then for a collector that says when, if that is early enough', async () => {
    const closing = { signal: AbortSignal.abort(), endsAt: 1_000 };
    const soon: ExportResult = { type: 'retryable', message: 'soon', delayMillis: 1 };
    const late: ExportResult = { type: 'retryable', message: 'late', delayMillis: 5_000 };
    const jitter = 1;
    // The clock of the test stands still while the delivery waits, so the gate opens by the attempts alone.
    const patient = await delivered({ results: [soon, SUCCESS], closing, jitter, attemptMillis: 0 }).catch(
      () => undefined,
    );
    assert.equal(patient?.settlement.exported, 5);
    const { settlement, attempts } = await delivered({ results: [late], closing, jitter });
    assert.deepEqual([settlement.reason, attempts], ['shutdown', 1]);
  });
});
