import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetricName } from '../../../src/metrics/catalogue.ts';
import { Registry } from '../../../src/metrics/registry.ts';
import { MAX_SERIES, type Series } from '../../../src/metrics/series.ts';

const COUNTER = 'mizuchi_refused_requests';
const HISTOGRAM = 'mizuchi_upload_duration_seconds';
const trace = (spanId: string) => ({ traceId: 't', spanId });

function seriesOf(registry: Registry, name: MetricName): readonly Series[] {
  return registry.current().find((family) => family.name === name)!.series;
}

function valuesOf(registry: Registry, name: MetricName): Record<string, number> {
  return Object.fromEntries(seriesOf(registry, name).map(({ labels, value }) => [labels.join(), value]));
}

describe('the series as they are now', () => {
  it('leave the values since the last collection to collections', () => {
    const registry = new Registry();
    let rounds = 0;
    let reads = 0;
    registry.onRound(() => void rounds++);
    registry.onCollect(() => void reads++);
    registry.current();
    registry.collect();
    assert.deepEqual([rounds, reads], [1, 2]);
  });
});

describe('a handle', () => {
  it('creates its series with the first value', () => {
    const registry = new Registry();
    const counter = registry.counter(COUNTER, ['SlowDown']);
    const histogram = registry.histogram(HISTOGRAM, ['photos', 'PutObject']);
    assert.deepEqual([seriesOf(registry, COUNTER), seriesOf(registry, HISTOGRAM)], [[], []]);
    counter.add(2);
    histogram.observe(0.02);
    assert.deepEqual(valuesOf(registry, COUNTER), { SlowDown: 2 });
    assert.deepEqual(valuesOf(registry, HISTOGRAM), { 'photos,PutObject': 0.02 });
  });

  it('counts into the same series as other handles and names', () => {
    const registry = new Registry();
    const [one, other] = [registry.counter(COUNTER, ['SlowDown']), registry.counter(COUNTER, ['SlowDown'])];
    for (const handle of [one, other, one]) handle.add(1);
    registry.add(COUNTER, ['SlowDown'], 10);
    assert.deepEqual(valuesOf(registry, COUNTER), { SlowDown: 13 });
  });

  it('counts into a new series after the removal of the old one', () => {
    const registry = new Registry();
    const counter = registry.counter(COUNTER, ['SlowDown']);
    const other = registry.counter(COUNTER, ['AccessDenied']);
    counter.add(5);
    other.add(7);
    registry.remove(COUNTER, ['SlowDown']);
    assert.deepEqual(valuesOf(registry, COUNTER), { AccessDenied: 7 });
    counter.add(1);
    other.add(1);
    assert.deepEqual(valuesOf(registry, COUNTER), { AccessDenied: 8, SlowDown: 1 });
    registry.clear(COUNTER);
    assert.deepEqual(valuesOf(registry, COUNTER), {});
    counter.add(3);
    assert.deepEqual(valuesOf(registry, COUNTER), { SlowDown: 3 });
  });

  it('of a series above the limit shows nothing until there is room', () => {
    const registry = new Registry();
    for (let i = 0; i < MAX_SERIES; i++) registry.add(COUNTER, [`reason-${i}`], 1);
    const counter = registry.counter(COUNTER, ['SlowDown']);
    counter.add(1);
    registry.add(COUNTER, ['AccessDenied'], 1);
    assert.equal(seriesOf(registry, COUNTER).length, MAX_SERIES);
    assert.equal(valuesOf(registry, COUNTER).SlowDown, undefined);
    registry.remove(COUNTER, ['reason-0']);
    counter.add(4);
    assert.equal(valuesOf(registry, COUNTER).SlowDown, 4);
  });

  it('keeps the first trace of each collection, of a histogram in each bucket', () => {
    const registry = new Registry();
    const counter = registry.counter(COUNTER, ['SlowDown']);
    const histogram = registry.histogram(HISTOGRAM, ['photos', 'PutObject']);
    const exemplars = () => [
      seriesOf(registry, COUNTER)[0]?.exemplar?.spanId,
      ...seriesOf(registry, HISTOGRAM)[0]!.exemplars.flatMap((exemplar) => exemplar?.spanId ?? []),
    ];
    const count = (name: string) => {
      counter.add(1, trace(name));
      histogram.observe(0.001, trace(`${name}-short`));
      histogram.observe(1e6, trace(`${name}-long`));
    };
    count('a');
    count('b');
    assert.deepEqual(exemplars(), ['a', 'a-short', 'a-long']);
    registry.collect();
    counter.add(1);
    assert.deepEqual(exemplars(), ['a', 'a-short', 'a-long']);
    count('c');
    assert.deepEqual(exemplars(), ['c', 'c-short', 'c-long']);
  });
});

describe('a removed series', () => {
  it('takes no room, and its labels can be used again', () => {
    const registry = new Registry();
    for (let i = 0; i < 3 * MAX_SERIES; i++) {
      registry.add('mizuchi_uploads', [`bucket-${i}`, 'PutObject', 'success'], 1);
      registry.remove('mizuchi_uploads', [`bucket-${i}`, 'PutObject', 'success']);
      registry.remove('mizuchi_uploads', [`bucket-${i}`, 'PutObject', 'success']);
    }
    registry.add('mizuchi_uploads', ['photos', 'PutObject', 'success'], 1);
    assert.deepEqual(valuesOf(registry, 'mizuchi_uploads'), { 'photos,PutObject,success': 1 });
  });
});
