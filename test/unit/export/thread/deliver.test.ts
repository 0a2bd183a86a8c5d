import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeliveryResult } from '../../../../src/export/messages.ts';
import { CircuitBreaker, OPENING_FAILURES } from '../../../../src/export/thread/circuit-breaker.ts';
import { type Closing, type DeliveryParts, deliver } from '../../../../src/export/thread/deliver.ts';
import type { Fallback } from '../../../../src/export/thread/fallback.ts';
import type { ExportResult } from '../../../../src/export/thread/result.ts';
import { bytesField } from '../../../../src/kit/protobuf.ts';

const SUCCESS: ExportResult = { type: 'success', rejected: 0 };
const BUSY: ExportResult = { type: 'retryable', message: 'busy' };
const UNAUTHORIZED: ExportResult = { type: 'unauthorized', message: 'HTTP 401' };
const NEVER: Closing = {
  signal: new AbortController().signal,
  late: new AbortController().signal,
  endsAt: Number.POSITIVE_INFINITY,
};

/** As many spans as said, each with its number in it; the longer ones take a length of two bytes. */
function spanFields(spans: number): Uint8Array {
  return Buffer.concat(Array.from({ length: spans }, (_, i) => bytesField(2, Buffer.alloc(100 + i, i))));
}

interface Setting {
  /** One for each attempt, the last one stays; or what the collector does with what it gets. */
  readonly results: readonly (ExportResult | Error)[] | ((request: Uint8Array) => ExportResult | Promise<ExportResult>);
  readonly spans?: number;
  /** Milliseconds that an attempt takes, by the clock of the test. */
  readonly attemptMillis?: number;
  readonly expiresAt?: number;
  /** Called at each pause; time then goes on by all of it, unless this says otherwise. */
  readonly onPause?: (millis: number) => number;
  readonly closing?: Closing;
  /** Share of the longest backoff that is waited. */
  readonly jitter?: number;
  readonly fallback?: Fallback;
  /** Failures in a row that there were before. */
  readonly failures?: number;
  /** The message of the last one. */
  readonly lastError?: string;
}

interface Outcome {
  readonly result: DeliveryResult;
  readonly attempts: number;
  readonly failedAttempts: readonly string[];
  readonly sent: readonly Uint8Array[];
  readonly breaker: CircuitBreaker;
}

async function delivered(setting: Setting): Promise<Outcome> {
  const { results, spans = 5, attemptMillis = 1, expiresAt = 60_000, jitter = 0, closing = NEVER } = setting;
  const failedAttempts: string[] = [];
  const sent: Uint8Array[] = [];
  let time = 0;
  const now = (): number => time;
  const exporter = {
    async export(request: Uint8Array): Promise<ExportResult> {
      sent.push(request);
      time += attemptMillis;
      const result =
        typeof results === 'function' ? results(request) : results[Math.min(sent.length, results.length) - 1]!;
      if (result instanceof Error) throw result;
      return result;
    },
    close() {},
  };
  const breaker = new CircuitBreaker({ now, random: () => jitter });
  for (let failure = 0; failure < (setting.failures ?? 0); failure++)
    breaker.failed(++time, undefined, setting.lastError);
  const parts: DeliveryParts = {
    exporter,
    breaker,
    closing,
    fallback: setting.fallback,
    envelope: (bytes) => bytes,
    attemptFailed: (message) => failedAttempts.push(message),
    now,
    async pause(millis) {
      time += setting.onPause?.(millis) ?? millis;
    },
  };
  const outcome = await deliver(parts, { items: spans, bytes: spanFields(spans) }, expiresAt);
  return { result: outcome, attempts: sent.length, failedAttempts, sent, breaker };
}

function keptFallback(failure?: string): Fallback & { readonly saved: Uint8Array[] } {
  const saved: Uint8Array[] = [];
  return {
    saved,
    save(request) {
      saved.push(request);
      return failure;
    },
  };
}

describe('the delivery of a batch', () => {
  it('ends with the first success', async () => {
    const { result, attempts, failedAttempts } = await delivered({ results: [BUSY, BUSY, SUCCESS] });
    assert.deepEqual([result.exported, result.dropped, attempts], [5, {}, 3]);
    assert.deepEqual(failedAttempts, ['busy', 'busy']);
  });

  it('counts rejected items, never more than there were, and does not send them again', async () => {
    for (const [rejected, dropped] of [
      [2, 2],
      [99, 5],
    ] as const) {
      const { result, attempts } = await delivered({ results: [{ type: 'success', rejected, message: 'old' }] });
      assert.deepEqual(result, { exported: 5 - dropped, saved: 0, dropped: { rejected: dropped }, message: 'old' });
      assert.equal(attempts, 1);
    }
  });

  it('ends with a failure, and with an unexpected error', async () => {
    for (const attempt of [{ type: 'failure', message: 'no' } as const, new Error('no')]) {
      const { result, attempts } = await delivered({ results: [attempt] });
      assert.deepEqual([result.exported, result.dropped, attempts], [0, { rejected: 5 }, 1]);
      assert.match(result.message ?? '', /no$/);
    }
  });

  it('ends when the batch is too old', async () => {
    const { result, attempts } = await delivered({ results: [BUSY], attemptMillis: 10_000, expiresAt: 35_000 });
    assert.deepEqual(result, { exported: 0, saved: 0, dropped: { deadline: 5 }, message: 'busy' });
    assert.equal(attempts, 4);
  });

  it('does not wait if the next attempt would be too late', async () => {
    const asked: ExportResult = { type: 'retryable', message: 'later', delayMillis: 50_000 };
    const { result, attempts } = await delivered({ results: [asked], expiresAt: 10_000 });
    assert.deepEqual([result.dropped, attempts], [{ deadline: 5 }, 1]);
  });

  it('makes one last attempt when the process ends, without waiting for a collector that sends no Retry-After', async () => {
    const ending = new AbortController();
    const closing = { ...NEVER, signal: ending.signal };
    const onPause = (): number => {
      ending.abort();
      return 0;
    };
    const { result, attempts } = await delivered({ results: [BUSY], onPause, closing, jitter: 1 });
    assert.deepEqual([result.dropped, attempts], [{ shutdown: 5 }, 2]);
  });

  it('waits even then for a Retry-After that is early enough', async () => {
    const closing = { ...NEVER, signal: AbortSignal.abort(), endsAt: 1_000 };
    const soon: ExportResult = { type: 'retryable', message: 'soon', delayMillis: 1 };
    const late: ExportResult = { type: 'retryable', message: 'late', delayMillis: 5_000 };
    const patient = await delivered({ results: [soon, SUCCESS], closing, jitter: 1 });
    assert.equal(patient.result.exported, 5);
    const { result, attempts } = await delivered({ results: [late], closing, jitter: 1 });
    assert.deepEqual([result.dropped, attempts], [{ shutdown: 5 }, 1]);
  });

  it('checks again after waiting: another batch may have failed meanwhile', async () => {
    const pauses: number[] = [];
    const onPause = (millis: number): number => {
      pauses.push(millis);
      return millis / 2;
    };
    await delivered({ results: [BUSY, SUCCESS], onPause, jitter: 1 });
    assert.deepEqual(pauses.slice(0, 3), [1000, 500, 250]);
  });
});

describe('a collector that rejects the credentials', () => {
  it('is not sent the same again, and counts as one that fails', async () => {
    const first = await delivered({ results: [UNAUTHORIZED], jitter: 1 });
    assert.deepEqual(first.result, { exported: 0, saved: 0, dropped: { rejected: 5 }, message: 'HTTP 401' });
    assert.deepEqual([first.attempts, first.breaker.waitMillis(false), first.breaker.isOpen], [1, 1000, false]);
    const fifth = await delivered({ results: [UNAUTHORIZED], failures: OPENING_FAILURES - 1, jitter: 0.5 });
    assert.deepEqual([fifth.attempts, fifth.result.dropped, fifth.breaker.isOpen], [1, { rejected: 5 }, true]);
  });

  it('is probed by one batch after the other, with backoff, and its error is the reason for batches that waited in vain', async () => {
    const pauses: number[] = [];
    const onPause = (millis: number): number => {
      pauses.push(millis);
      return millis;
    };
    const failures = OPENING_FAILURES;
    const passed = await delivered({ results: [SUCCESS], failures, onPause, jitter: 1 });
    assert.deepEqual([passed.result.exported, passed.breaker.isOpen, passed.breaker.lastError], [5, false, undefined]);
    assert.deepEqual(pauses, [10_000]);
    const late = await delivered({ results: [SUCCESS], failures, expiresAt: 5_000, jitter: 1, lastError: 'HTTP 401' });
    assert.deepEqual(late.result, { exported: 0, saved: 0, dropped: { deadline: 5 }, message: 'HTTP 401' });
  });

  it('costs nothing where there is a fallback', async () => {
    for (const failures of [0, OPENING_FAILURES]) {
      const fallback = keptFallback();
      const { result, attempts } = await delivered({ results: [UNAUTHORIZED], fallback, failures });
      assert.deepEqual(result, { exported: 0, saved: 5, dropped: {}, message: 'HTTP 401' });
      assert.deepEqual([attempts, fallback.saved.length], [1, 1]);
    }
  });
});

describe('a batch that is larger than the collector accepts', () => {
  const TOO_LARGE: ExportResult = { type: 'too_large', message: 'HTTP 413' };

  it('is halved until it is accepted, every span once and whole', async () => {
    const most = 300;
    const { result, sent } = await delivered({
      spans: 11,
      results: (request) => (request.length > most ? TOO_LARGE : SUCCESS),
    });
    assert.deepEqual(result, { exported: 11, saved: 0, dropped: {} });
    const taken = Buffer.concat(sent.filter(({ length }) => length <= most));
    assert.deepEqual(taken, Buffer.from(spanFields(11)));
  });

  it('is not sent span by span where the collector accepts not even one', async () => {
    const { result, attempts } = await delivered({ spans: 512, results: [TOO_LARGE] });
    assert.deepEqual([result.exported, result.dropped, attempts], [0, { too_large: 512 }, 13]);
  });

  it('loses no more than the span that is too large by itself', async () => {
    const { result } = await delivered({
      spans: 9,
      results: (request) => (request.includes(4) ? TOO_LARGE : SUCCESS),
    });
    assert.deepEqual(result, { exported: 8, saved: 0, dropped: { too_large: 1 }, message: 'HTTP 413' });
  });
});

describe('the fallback', () => {
  it('is not used as long as the collector may come back soon', async () => {
    const fallback = keptFallback();
    const { result } = await delivered({ results: [BUSY, BUSY, SUCCESS], fallback });
    assert.deepEqual([result.exported, fallback.saved.length], [5, 0]);
  });

  it('gets a batch at once while the breaker is open, except for the probe', async () => {
    const fallback = keptFallback();
    const gone = await delivered({ results: [SUCCESS], fallback, failures: OPENING_FAILURES, jitter: 1 });
    assert.deepEqual([gone.result.saved, gone.result.exported, gone.attempts], [5, 0, 0]);
    assert.deepEqual(Buffer.from(fallback.saved[0]!), Buffer.from(spanFields(5)));
    const tries = await delivered({ results: [SUCCESS], fallback, failures: OPENING_FAILURES, jitter: 0 });
    assert.deepEqual([tries.result.exported, tries.breaker.isOpen], [5, false]);
    const inVain = await delivered({ results: [BUSY], fallback, failures: OPENING_FAILURES, jitter: 0.5 });
    assert.deepEqual([inVain.result.saved, inVain.result.dropped], [5, {}]);
  });

  it('saves the items of an attempt without a response near the end, and drops them where there is no fallback', async () => {
    for (const fallback of [keptFallback(), undefined]) {
      const [ending, late] = [new AbortController(), new AbortController()];
      const closing = { signal: ending.signal, late: late.signal, endsAt: 1_000 };
      const begun = Promise.withResolvers<void>();
      const hangs = (): Promise<ExportResult> => {
        begun.resolve();
        return new Promise(() => {});
      };
      const outcome = delivered({ results: hangs, closing, ...(fallback && { fallback }) });
      await begun.promise;
      ending.abort();
      late.abort();
      const { result } = await outcome;
      assert.deepEqual([result.saved, result.dropped], fallback ? [5, {}] : [0, { shutdown: 5 }]);
      assert.equal(result.message, 'the collector did not respond in time');
      assert.equal(fallback?.saved.length ?? 0, fallback ? 1 : 0);
    }
  });

  it('gets batches that are too old, and batches that are left at the end', async () => {
    const old = await delivered({ results: [BUSY], attemptMillis: 30_000, fallback: keptFallback() });
    assert.deepEqual(old.result, { exported: 0, saved: 5, dropped: {}, message: 'busy' });
    const closing = { ...NEVER, signal: AbortSignal.abort(), endsAt: 1_000 };
    const end = await delivered({ results: [BUSY], closing, fallback: keptFallback() });
    assert.deepEqual([end.result.saved, end.attempts], [5, 1]);
  });

  it('that cannot be written is counted and reported', async () => {
    const fallback = keptFallback('ENOSPC');
    const { result } = await delivered({ results: [BUSY], attemptMillis: 30_000, fallback });
    assert.deepEqual(result, { exported: 0, saved: 0, dropped: { fallback_failed: 5 }, message: 'ENOSPC' });
  });

  it('does not get a batch that the collector rejects for its content', async () => {
    const fallback = keptFallback();
    const { result } = await delivered({ results: [{ type: 'failure', message: 'HTTP 400' }], fallback });
    assert.deepEqual([result.dropped, fallback.saved.length], [{ rejected: 5 }, 0]);
  });
});
