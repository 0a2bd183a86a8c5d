import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BatchHolder, DeliveryLedger } from '../../../src/export/delivery-ledger.ts';
import { DeliveryLog } from '../../../src/export/delivery-log.ts';
import { ExportCounts } from '../../../src/export/export-counts.ts';
import type { Batch, DeliveryResult } from '../../../src/export/messages.ts';
import { keptLog } from '../../support/tracing-config.ts';

const BATCH: Batch = { id: 7, items: 10, bytes: new Uint8Array(0) };

function open() {
  const figures = new ExportCounts(100);
  for (let span = 0; span < BATCH.items; span++) figures.enqueue();
  const log = keptLog();
  let time = 0;
  const ledger = new DeliveryLedger(
    figures,
    new DeliveryLog(log, figures, 'traces', 'http://c', () => (time += 40_000)),
  );
  const freed: number[] = [];
  ledger.queue = { settled: (id: number) => void freed.push(id) } as BatchHolder;
  const messages = () => log.lines.map(({ message }) => message);
  return { ledger, figures, freed, messages };
}

const result = (exported: number, dropped: number, message?: string): DeliveryResult => ({
  exported,
  saved: 0,
  dropped: dropped > 0 ? { rejected: dropped } : {},
  message,
});

describe('what became of a batch', () => {
  it('is counted once, and frees its room in the queue, whatever it is', () => {
    const outcomes: readonly [exported: number, end: (ledger: DeliveryLedger) => void][] = [
      [10, (ledger) => ledger.settled(BATCH, result(10, 0))],
      [7, (ledger) => ledger.settled(BATCH, result(7, 3))],
      [0, (ledger) => ledger.settled(BATCH, result(0, 10, 'HTTP 400'))],
      [0, (ledger) => ledger.lost(BATCH)],
      [0, (ledger) => ledger.abandoned(BATCH)],
    ];
    for (const [exported, end] of outcomes) {
      const { ledger, figures, freed } = open();
      end(ledger);
      assert.deepEqual(freed, [7]);
      assert.deepEqual([figures.queued, figures.exported, figures.totalDropped()], [0, exported, 10 - exported]);
    }
  });

  it('is logged where spans were lost, and where the collector warns', () => {
    const { ledger, messages } = open();
    ledger.settled(BATCH, result(10, 0));
    assert.deepEqual(messages(), []);
    ledger.settled(BATCH, result(10, 0, 'deprecated'));
    ledger.settled(BATCH, result(9, 1));
    ledger.settled(BATCH, result(10, 0));
    assert.deepEqual(messages(), [
      'the collector accepted the spans with a warning',
      'spans are not delivered',
      'spans are delivered again',
    ]);
  });

  it('is logged of spans without room in the queue, but not of spans that end after the gateway', () => {
    const { ledger, figures, messages } = open();
    ledger.refused('shutdown');
    assert.deepEqual(messages(), []);
    ledger.refused('queue_full');
    assert.deepEqual(messages(), ['spans are not delivered']);
    assert.deepEqual([figures.dropped.shutdown, figures.dropped.queue_full, figures.recorded], [1, 1, 12]);
  });

  it('is known as the last success, or as the last failure with its cause', () => {
    const { ledger, figures } = open();
    assert.deepEqual([figures.deliveredAt, figures.failure], [undefined, undefined]);
    ledger.attemptFailed('connect ECONNREFUSED');
    assert.deepEqual([figures.deliveredAt, figures.failure?.message], [undefined, 'connect ECONNREFUSED']);
    ledger.settled(BATCH, result(10, 0));
    const { deliveredAt, failure } = figures.snapshot();
    assert.ok(deliveredAt! >= failure!.at);
    ledger.settled(BATCH, result(9, 1, 'HTTP 400'));
    assert.deepEqual([figures.deliveredAt, figures.failure?.message], [deliveredAt, 'HTTP 400']);
  });
});
