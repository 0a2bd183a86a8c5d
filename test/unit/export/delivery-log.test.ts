import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeliveryLog } from '../../../src/export/delivery-log.ts';
import { ExportCounts } from '../../../src/export/export-counts.ts';
import { keptLog } from '../../support/tracing-config.ts';

function open() {
  const log = keptLog();
  const clock = { seconds: 1000 };
  const figures = new ExportCounts(100);
  const delivery = new DeliveryLog(log, figures, 'traces', 'http://c:4317', () => clock.seconds * 1000);
  const said = () => log.lines.map(({ level, message }) => `${level} ${message}`);
  return { delivery, log, clock, figures, said };
}

const BEGINS = 'warn spans are not delivered';
const LASTS = 'warn spans are still not delivered';
const ENDS = 'info spans are delivered again';

describe('the log lines about failing exports', () => {
  it('is one line at first, one a minute while it lasts, and one when it is over', () => {
    const { delivery, clock, said } = open();
    for (let second = 0; second <= 150; second++) {
      delivery.failed('refused');
      clock.seconds++;
    }
    delivery.delivered();
    delivery.delivered();
    assert.deepEqual(said(), [BEGINS, LASTS, LASTS, ENDS]);
  });

  it('is not more if the collector comes and goes every five seconds', () => {
    const { delivery, clock, said } = open();
    for (let second = 0; second < 600; second += 5) {
      clock.seconds += 5;
      if (second % 10 === 0) delivery.failed('refused');
      else delivery.delivered();
    }
    assert.ok(said().length <= 20, `${said().length} lines in ten minutes`);
    assert.deepEqual(said().slice(0, 4), [BEGINS, ENDS, BEGINS, ENDS]);
  });

  it('is two lines in any minute at the most, whatever comes together', () => {
    const { delivery, log, clock } = open();
    const times: number[] = [];
    for (let second = 0; second < 1200; second++) {
      clock.seconds++;
      if (second % 7 === 0) delivery.failed('refused');
      if (second % 3 === 0) delivery.delivered();
      if (second % 2 === 0) delivery.warned('deprecated');
      delivery.overflowed('full');
      while (times.length < log.lines.length) times.push(clock.seconds);
    }
    assert.ok(times.length > 20);
    for (let i = 2; i < times.length; i++) assert.ok(times[i]! - times[i - 2]! >= 60, `${times.slice(i - 2, i + 1)}`);
  });

  it('is one line more at the end where spans were lost and not yet reported, and no line where there were none', () => {
    const { delivery, log, figures, said } = open();
    delivery.failed('refused');
    figures.refuse('queue_full');
    for (const reason of ['refused', 'no answer']) delivery.failed(reason);
    figures.refuse('shutdown');
    figures.refuse('shutdown');
    delivery.ended();
    assert.deepEqual(said(), [BEGINS, 'warn spans were dropped at shutdown']);
    const { reason, spans_dropped, spans_dropped_in_total } = log.lines[1]!.fields;
    assert.deepEqual([reason, spans_dropped, spans_dropped_in_total], ['no answer', 3, 3]);
    const well = open();
    well.delivery.ended();
    assert.deepEqual(well.said(), []);
  });

  it('is nothing as long as all is well', () => {
    const { delivery, said } = open();
    delivery.delivered();
    assert.deepEqual(said(), []);
  });

  it('begins with spans that find no place, but does not hide the cause behind them', () => {
    const { delivery, log, clock, said } = open();
    delivery.overflowed('full');
    delivery.delivered();
    clock.seconds += 100;
    delivery.failed('refused');
    clock.seconds += 61;
    delivery.overflowed('full');
    delivery.failed('refused');
    assert.deepEqual(said(), [BEGINS, ENDS, BEGINS, LASTS]);
    assert.deepEqual(
      log.lines.map(({ fields }) => fields.reason),
      ['full', undefined, 'refused', 'refused'],
    );
  });

  it('tells of warnings once a minute', () => {
    const { delivery, clock, said } = open();
    for (let second = 0; second < 90; second++) {
      delivery.warned('deprecated');
      delivery.delivered();
      clock.seconds++;
    }
    assert.deepEqual(said(), Array(2).fill('warn the collector accepted the spans with a warning'));
  });

  it('states why, where, and how much was lost', () => {
    const { delivery, log, clock, figures } = open();
    for (let i = 0; i < 30; i++) figures.enqueue();
    delivery.failed('HTTP 503');
    figures.drop(10, 'deadline');
    delivery.failed('HTTP 503');
    clock.seconds += 61;
    delivery.failed('HTTP 429');
    assert.deepEqual(log.lines[1]?.fields, {
      endpoint: 'http://c:4317',
      reason: 'HTTP 429',
      failures: 2,
      spans_dropped: 10,
      spans_dropped_in_total: 10,
      spans_queued: 20,
    });
  });
});
