import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { describe, it } from 'node:test';
import { BatchMemory, SEAL_BYTES } from '../../../src/export/batch-memory.ts';
import { type BatchLimits, BatchQueue } from '../../../src/export/batch-queue.ts';
import type { DropReason } from '../../../src/export/drop-reason.ts';
import { ExportCounts } from '../../../src/export/export-counts.ts';
import type { Batch } from '../../../src/export/messages.ts';
import { otlpRequest } from '../../../src/export/otlp/otlp-request.ts';
import { choosePropagator } from '../../../src/tracing/propagation/choose-propagator.ts';
import { NOTHING } from '../../../src/tracing/propagation/propagator.ts';
import type { SpanContext } from '../../../src/tracing/propagation/span-context.ts';
import { Clock } from '../../../src/tracing/recorder/clock.ts';
import { IdGenerator } from '../../../src/tracing/recorder/ids.ts';
import { DEFAULT_LIMITS } from '../../../src/tracing/recorder/limits.ts';
import { SpanEncoder } from '../../../src/tracing/recorder/span-encoder.ts';
import { Tracer } from '../../../src/tracing/recorder/tracer.ts';
import { alwaysSampler } from '../../../src/tracing/sampler/always.ts';
import { decodeRequest } from '../../support/otlp-messages.ts';
import { openRoot } from '../../support/test-tracer.ts';

function open(limits: Partial<BatchLimits> = {}) {
  const figures = new ExportCounts(limits.maxQueueSize ?? 2048);
  const sent: Batch[] = [];
  const bounds = { maxQueueSize: figures.capacity, maxQueueBytes: 8 * 1024 ** 2 };
  const all = { ...bounds, maxBatchSize: 512, delayMillis: 60_000, ...limits };
  const arrivals = new EventEmitter();
  const target = {
    send(batch: Batch) {
      sent.push(batch);
      arrivals.emit('sent');
    },
  };
  const events = {
    refused: (reason: DropReason) => figures.refuse(reason),
    spoiled: (reason: DropReason) => figures.drop(1, reason),
  };
  const queue = new BatchQueue(all, { counts: figures, encoder: new SpanEncoder(new Set()), target, events });
  const parts = {
    clock: new Clock(),
    ids: new IdGenerator(),
    limits: { ...DEFAULT_LIMITS, valueLength: 1024 ** 2 },
    sampler: alwaysSampler,
    sink: queue,
    propagator: choosePropagator([]),
  };
  const settle = (batch: Batch): void => {
    queue.settled(batch.id);
    figures.export(batch.items);
  };
  return { tracer: new Tracer(parts), queue, figures, sent, arrivals, settle };
}

function endSpans(tracer: Tracer, count: number, attributes = {}): void {
  for (let i = 0; i < count; i++) openRoot(tracer, `span ${i}`, attributes).end();
}

function namesIn({ bytes }: Batch): string[] {
  const none = new Uint8Array();
  return decodeRequest(otlpRequest(none, none, new Uint8Array(bytes))).flatMap(({ spans }) =>
    spans.map(({ name }) => name),
  );
}

function assertBalanced(figures: ExportCounts): void {
  const { recorded, queued, exported } = figures.snapshot();
  assert.equal(recorded, exported + figures.totalDropped() + queued);
}

describe('the queue of batches', () => {
  it('sends a batch when it has its number of spans, with exactly those in it', () => {
    const { tracer, sent, figures } = open({ maxBatchSize: 3 });
    endSpans(tracer, 7);
    assert.deepEqual(
      sent.map(({ items }) => items),
      [3, 3],
    );
    assert.deepEqual(sent.map(namesIn), [
      ['span 0', 'span 1', 'span 2'],
      ['span 3', 'span 4', 'span 5'],
    ]);
    assert.equal(figures.queued, 7);
  });

  it('sends a batch when it has its number of bytes', () => {
    const { tracer, sent } = open({ maxBatchSize: 100_000, maxQueueSize: 100_000 });
    endSpans(tracer, 1100, { text: 'x'.repeat(1000) });
    assert.equal(sent.length, 1);
    assert.ok(sent[0]!.bytes.byteLength >= SEAL_BYTES && sent[0]!.bytes.byteLength < SEAL_BYTES + 2000);
    assert.equal(namesIn(sent[0]!).length, sent[0]!.items);
  });

  it('sends a batch when it is old enough', async () => {
    const { tracer, sent, arrivals } = open({ delayMillis: 30 });
    const start = performance.now();
    endSpans(tracer, 2);
    assert.equal(sent.length, 0);
    await once(arrivals, 'sent', { signal: AbortSignal.timeout(5000) });
    assert.ok(performance.now() - start >= 25);
    assert.equal(sent[0]?.items, 2);
    endSpans(tracer, 1);
    await once(arrivals, 'sent', { signal: AbortSignal.timeout(5000) });
    assert.equal(sent[1]?.items, 1);
  });

  it('drops what comes when it is full: everything that is not settled counts', () => {
    const { tracer, sent, figures, settle } = open({ maxQueueSize: 10, maxBatchSize: 4 });
    endSpans(tracer, 15);
    assert.deepEqual([sent.length, figures.queued, figures.dropped.queue_full], [2, 10, 5]);
    settle(sent[0]!);
    endSpans(tracer, 5);
    assert.deepEqual([figures.queued, figures.exported, figures.dropped.queue_full], [10, 4, 6]);
    assertBalanced(figures);
  });

  it('is full by bytes, too', () => {
    const { tracer, figures, sent, settle } = open({ maxQueueSize: 500, maxQueueBytes: 2_048_000, maxBatchSize: 500 });
    const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key ${i}`, 'x'.repeat(1024)]));
    endSpans(tracer, 200, attributes);
    const bytes = sent.reduce((sum, batch) => sum + batch.bytes.byteLength, 0);
    assert.ok(figures.dropped.queue_full > 150, `${figures.dropped.queue_full} dropped`);
    assert.ok(bytes <= 2_048_000 + SEAL_BYTES, `${bytes} bytes held`);
    for (const batch of sent) settle(batch);
    const before = figures.dropped.queue_full;
    endSpans(tracer, 1);
    assert.equal(figures.dropped.queue_full, before);
    assertBalanced(figures);
  });

  it('drops a span that is too large, and one that cannot be encoded, and the others stay whole', () => {
    const { tracer, figures, sent, queue } = open();
    endSpans(tracer, 1);
    const text = 'x'.repeat(128 * 1024);
    const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key ${i}`, text]));
    openRoot(tracer, 'large', attributes).end();
    const context = {
      get traceId(): string {
        throw new Error('unreadable');
      },
    } as unknown as SpanContext;
    tracer.open(NOTHING, { link: context }).end();
    endSpans(tracer, 1);
    queue.flush();
    assert.deepEqual([figures.dropped.too_large, figures.dropped.unencodable], [1, 1]);
    assert.deepEqual(sent.map(namesIn), [['span 0', 'span 0']]);
    assertBalanced(figures);
  });

  it('sends what there is when it is closed, and drops what comes later', () => {
    const { tracer, figures, sent, queue } = open();
    const late = openRoot(tracer, 'late');
    endSpans(tracer, 3);
    queue.close();
    queue.close();
    late.end();
    assert.deepEqual(
      sent.map(({ items }) => items),
      [3],
    );
    assert.equal(figures.dropped.shutdown, 1);
    assertBalanced(figures);
  });

  it('gives batches that can be transferred: nothing else is in their memory', () => {
    const { tracer, sent, queue } = open();
    endSpans(tracer, 2);
    queue.flush();
    endSpans(tracer, 2);
    queue.flush();
    assert.notEqual(sent[0]!.bytes, sent[1]!.bytes);
    structuredClone(sent[0]!.bytes, { transfer: [sent[0]!.bytes.buffer] });
    assert.deepEqual(namesIn(sent[1]!), ['span 0', 'span 1']);
  });

  it('writes into returned memory, and never into memory that is still in transit', () => {
    const { tracer, sent, queue } = open({ maxBatchSize: 96, maxQueueSize: 1000 });
    const text = 'x'.repeat(400); // more than half of the memory of such a batch
    endSpans(tracer, 192, { text });
    const [first, second] = [sent[0]!, sent[1]!];
    assert.notEqual(first.bytes.buffer, second.bytes.buffer);
    queue.settled(first.id, first.bytes.buffer);
    endSpans(tracer, 192, { text });
    assert.equal(sent[3]!.bytes.buffer, first.bytes.buffer);
    for (const batch of sent.slice(1)) assert.equal(namesIn(batch).length, 96);
    assert.equal(new Set(sent.slice(1).map(({ bytes }) => bytes.buffer)).size, 3);
  });

  it('has memory for a whole batch of spans, small or large: it would not come back if it grew', () => {
    for (const length of [300, 400, 450, 1000]) {
      const { tracer, sent } = open({ maxBatchSize: 2048, maxQueueSize: 100_000 });
      endSpans(tracer, 2048, { text: 'x'.repeat(length) });
      assert.equal(sent[0]!.bytes.buffer.byteLength, new BatchMemory(2048).size, `spans of ${length} bytes and more`);
    }
  });

  it('copies out of memory of which little is used, so that it need not come back', () => {
    const { tracer, sent, queue } = open();
    endSpans(tracer, 1);
    queue.flush();
    assert.equal(sent[0]!.bytes.buffer.byteLength, sent[0]!.bytes.length);
  });
});
