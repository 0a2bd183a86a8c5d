import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BatchQueue } from '../../../../src/tracing/pipeline/batch-queue.ts';
import { Figures } from '../../../../src/tracing/pipeline/figures.ts';
import type { Batch, Settlement } from '../../../../src/tracing/pipeline/messages.ts';
import { Settler } from '../../../../src/tracing/pipeline/settler.ts';
import { TroubleLog } from '../../../../src/tracing/pipeline/trouble-log.ts';
import { keptLog } from '../../../support/tracing-config.ts';

const BATCH: Batch = { id: 7, spans: 10, bytes: new Uint8Array(0) };

function open() {
  const figures = new Figures(100);
  for (let span = 0; span < BATCH.spans; span++) figures.enqueue();
  const log = keptLog();
  let time = 0;
  const settler = new Settler(figures, new TroubleLog(log, figures, 'http://c', () => (time += 40_000)));
  const freed: number[] = [];
  settler.queue = { settled: (id: number) => void freed.push(id) } as BatchQueue;
  const messages = () => log.lines.map(({ message }) => message);
  return { settler, figures, freed, messages };
}

const settlement = (exported: number, dropped: number, message?: string): Settlement => ({
  exported,
  saved: 0,
  dropped: dropped > 0 ? { rejected: dropped } : {},
  message,
});

describe('what became of a batch', () => {
  it('is counted once, and frees its room in the queue, whatever it is', () => {
    const outcomes: readonly [exported: number, end: (settler: Settler) => void][] = [
      [10, (settler) => settler.settled(BATCH, settlement(10, 0))],
      [7, (settler) => settler.settled(BATCH, settlement(7, 3))],
      [0, (settler) => settler.settled(BATCH, settlement(0, 10, 'HTTP 400'))],
      [0, (settler) => settler.lost(BATCH)],
      [0, (settler) => settler.abandoned(BATCH)],
    ];
    for (const [exported, end] of outcomes) {
      const { settler, figures, freed } = open();
      end(settler);
      assert.deepEqual(freed, [7]);
      assert.deepEqual([figures.queued, figures.exported, figures.totalDropped()], [0, exported, 10 - exported]);
    }
  });

  it('is told where spans were lost, and where the collector warns', () => {
    const { settler, messages } = open();
    settler.settled(BATCH, settlement(10, 0));
    assert.deepEqual(messages(), []);
    settler.settled(BATCH, settlement(10, 0, 'deprecated'));
    settler.settled(BATCH, settlement(9, 1));
    settler.settled(BATCH, settlement(10, 0));
    assert.deepEqual(messages(), [
      'the collector took the spans, and warns',
      'spans are not delivered',
      'spans are delivered again',
    ]);
  });

  it('is told of spans that found no place, but not of those that end after the gateway', () => {
    const { settler, figures, messages } = open();
    settler.refused('shutdown');
    assert.deepEqual(messages(), []);
    settler.refused('queue_full');
    assert.deepEqual(messages(), ['spans are not delivered']);
    assert.deepEqual([figures.dropped.shutdown, figures.dropped.queue_full, figures.recorded], [1, 1, 12]);
  });
});
