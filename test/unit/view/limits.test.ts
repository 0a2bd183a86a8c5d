import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { METRICS, type MetricName } from '../../../src/metrics/catalogue.ts';
import { showLimits } from '../../../src/metrics/limit-metrics.ts';
import { MergedMetrics, plainFamilies } from '../../../src/metrics/merged-metrics.ts';
import { Registry } from '../../../src/metrics/registry.ts';
import { limitsOf } from '../../../src/view/limits.ts';
import { SeriesValues } from '../../../src/view/series-values.ts';

const CONFIG = parseConfig(
  JSON.stringify({
    server: { max_connections: 100 },
    buckets: [
      {
        name: 'photos',
        s3: { bucket: 'b-photos', access_key: 'a', secret_key: 's', max_connections: 7 },
        authz: { opa: { url: 'http://127.0.0.1:8181', policy_path: 'a/b', max_concurrent: 3 } },
      },
    ],
    upload: { concurrent_uploads: 11, memory_limit: '64MiB' },
  }),
  'test.yaml',
  {},
);

const GAUGES: readonly [MetricName, string[], number][] = [
  ['mizuchi_connections', [], 1],
  ['mizuchi_uploads_in_flight', [], 2],
  ['mizuchi_forms_reading', [], 3],
  ['mizuchi_part_memory_bytes', [], 4],
  ['mizuchi_part_memory_waiting', [], 5],
  ['mizuchi_store_connections_in_use', ['photos'], 6],
  ['mizuchi_store_connections_waiting', ['photos'], 7],
  ['mizuchi_engine_calls_in_flight', ['photos', 'opa'], 8],
  ['mizuchi_engine_calls_waiting', ['photos', 'opa'], 9],
  ['mizuchi_tracer_queue_spans', [], 10],
  ['mizuchi_tracer_queue_capacity_spans', [], 2048],
  ['process_open_fds', [], 11],
  ['process_max_fds', [], 1024],
];

function inUse(): Registry {
  const registry = new Registry();
  for (const gauge of GAUGES) registry.set(...gauge);
  return registry;
}

const ROWS = (factor: number) => [
  ['server.max_connections', 'items', 100, factor, null],
  ['upload.concurrent_uploads', 'items', 11, 2 * factor, null],
  ['fixed.form_share', 'items', 6, 3 * factor, null],
  ['upload.memory_limit', 'bytes', 64 * 1024 ** 2, 4 * factor, 5 * factor],
  ['buckets.photos.s3.max_connections', 'items', 7, 6 * factor, 7 * factor],
  ['buckets.photos.authz.opa.max_concurrent', 'items', 3, 8 * factor, 9 * factor],
  ['tracing.batch.max_queue_size', 'items', 2048 * factor, 10 * factor, null],
  ['file_descriptors', 'items', 1024, 11, null],
];

const rowsOf = (source: Pick<Registry, 'current'>) =>
  limitsOf(new SeriesValues(source.current())).map((limit) => [
    limit.setting,
    limit.unit,
    limit.limit,
    limit.used,
    limit.waiting,
  ]);

describe('limits', () => {
  it('have their use, and the callers that wait', () => {
    const registry = inUse();
    showLimits(registry, CONFIG);
    assert.deepEqual(rowsOf(registry), ROWS(1));
  });

  it('are those of the whole gateway with workers', () => {
    const primary = new Registry();
    showLimits(primary, CONFIG);
    const merged = new MergedMetrics(primary);
    merged.update(1, plainFamilies(inUse()));
    merged.update(2, plainFamilies(inUse()));
    assert.deepEqual(rowsOf(merged), ROWS(2));
  });

  it('are absent where they have no gauge, or no value', () => {
    const registry = new Registry();
    registry.set('mizuchi_connections', [], 1);
    assert.deepEqual(rowsOf(registry), []);
  });

  it('have a gauge of every metric whose help names a setting', () => {
    const gauges = new Set<string>(GAUGES.map(([name]) => name));
    const named = Object.entries(METRICS).filter(
      ([, { type, help }]) => type === 'gauge' && /\((half of )?(s3|upload|authz)\.\S*(max|limit|uploads)/.test(help),
    );
    assert.ok(named.length >= 4);
    for (const [name] of named) assert.ok(gauges.has(name), name);
  });
});
