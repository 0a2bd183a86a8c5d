import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addRequests } from '../../../page/data/recent-requests.ts';
import { addPoint, NO_SERIES } from '../../../page/data/series.ts';
import type { RecentRequest, TracesDocument } from '../../../src/view/documents.ts';

const document = (requests: readonly object[]): TracesDocument => ({
  at: 0,
  tracing: true,
  requests: requests as RecentRequest[],
});
const ids = ({ requests }: TracesDocument): string[] => requests.map(({ id }) => id);

describe('the list of recent requests', () => {
  it('has new ones first, each once', () => {
    const known = document([{ id: 'b' }, { id: 'a' }]);
    assert.deepEqual(ids(addRequests(known, document([{ id: 'c' }, { id: 'b' }]))), ['c', 'b', 'a']);
  });

  it('keeps its requests if none ended', () => {
    assert.deepEqual(ids(addRequests(document([{ id: 'a' }]), document([]))), ['a']);
  });

  it('is bounded, and failed requests stay longer', () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      id: `${index}`,
      kept: index > 900 ? 'failed' : 'recent',
    }));
    const longer = addRequests(document(many), document([{ id: 'new', kept: 'recent' }]));
    assert.equal(longer.requests.length, 1000);
    assert.deepEqual([ids(longer)[0], ids(longer).includes('900'), ids(longer).includes('999')], ['new', false, true]);
  });
});

describe('the series', () => {
  it('have the last five minutes', () => {
    let series = NO_SERIES;
    for (let second = 1; second <= 1000; second++)
      series = addPoint(series, { at: second * 1000, total: second, bytes_per_second: 2 * second, uploads: [] });
    assert.deepEqual([series.times[0], series.times.at(-1)], [700, 1000]);
    assert.deepEqual([series.counts.at(-1), series.rates.at(-1)], [1000, 2000]);
  });

  it('have no point twice', () => {
    const point = { at: 5000, total: 1, bytes_per_second: 1, uploads: [] };
    const series = addPoint(NO_SERIES, point);
    assert.equal(addPoint(series, point), series);
  });
});
