import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from '../../../src/metrics/registry.ts';
import { certificatesOf, startedAt, workerFigures } from '../../../src/view/process-figures.ts';
import { SeriesValues } from '../../../src/view/series-values.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DAY = 86_400;

const valuesOf = (fill: (registry: Registry) => void): SeriesValues => {
  const registry = new Registry();
  fill(registry);
  return new SeriesValues(registry.current());
};

describe('the figures of a gateway', () => {
  it('have the certificates with the whole days that are left', () => {
    const values = valuesOf((registry) => {
      const expiry = (use: string, days: number): void =>
        registry.set('mizuchi_tls_certificate_not_after_timestamp_seconds', [use], NOW / 1000 + days * DAY);
      expiry('server', 30.9);
      expiry('client_ca', -0.5);
    });
    assert.deepEqual(certificatesOf(values, NOW), [
      { use: 'server', expires_at: NOW + 30.9 * DAY * 1000, days_left: 30 },
      { use: 'client_ca', expires_at: NOW - 0.5 * DAY * 1000, days_left: -1 },
    ]);
  });

  it('have the workers, if there are any', () => {
    assert.equal(workerFigures(valuesOf(() => {})), null);
    const values = valuesOf((registry) => {
      registry.set('mizuchi_workers', ['running'], 3);
      registry.set('mizuchi_workers', ['wanted'], 4);
      registry.add('mizuchi_worker_failures', [], 2);
    });
    assert.deepEqual(workerFigures(values), { running: 3, wanted: 4, failures: 2 });
  });

  it('have the start of the gateway', () => {
    assert.equal(startedAt(valuesOf((registry) => registry.set('process_start_time_seconds', [], NOW / 1000))), NOW);
    assert.equal(startedAt(valuesOf(() => {})), Math.round(performance.timeOrigin));
  });
});
