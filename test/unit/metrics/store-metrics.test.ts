import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_SPAN } from '../../../src/domain/span.ts';
import type { StoreAttempt } from '../../../src/domain/store-observer.ts';
import { Registry } from '../../../src/metrics/registry.ts';
import { watchStoreCalls } from '../../../src/metrics/store-metrics.ts';
import { shownSeries } from '../../support/shown-series.ts';

const ATTEMPT: StoreAttempt = {
  operation: 'PutObject',
  resends: 0,
  server: { hostname: 's3.example', port: 443 },
  status: 200,
  errorType: undefined,
  isCancelled: false,
  cause: undefined,
  seconds: 2,
  span: NO_SPAN,
};

function shown(attempts: readonly Partial<StoreAttempt>[], isExported = false): Record<string, number> {
  const registry = new Registry(isExported);
  const observer = watchStoreCalls(registry, 'photos');
  for (const attempt of attempts) observer.attempted({ ...ATTEMPT, ...attempt });
  return shownSeries(registry);
}

describe('the metrics of attempts at a store', () => {
  it('have a series for each outcome, and count further attempts', () => {
    assert.deepEqual(
      shown([
        { status: 503, errorType: 'SlowDown' },
        { resends: 1 },
        { resends: 2 },
        { status: undefined, errorType: 'connect' },
        { status: 299 },
        { status: 298 },
      ]),
      {
        'mizuchi_store_request_duration_seconds photos PutObject 503 SlowDown': 2,
        'mizuchi_store_request_duration_seconds photos PutObject 200 none': 4,
        'mizuchi_store_request_duration_seconds photos PutObject none connect': 2,
        'mizuchi_store_request_duration_seconds photos PutObject 2xx none': 4,
        'mizuchi_store_retries photos PutObject': 2,
      },
    );
  });

  it('have the attributes of the semantic conventions for OTLP', () => {
    const other = { hostname: 'other.example', port: 80 };
    const found = shown([{}, { server: other }, { server: other, status: 299, errorType: 'x' }], true);
    assert.equal(found['http.client.request.duration PUT s3.example 443 200 '], 2);
    assert.equal(found['http.client.request.duration PUT other.example 80 200 '], 2);
    assert.equal(found['http.client.request.duration PUT other.example 80  x'], 2);
  });
});
