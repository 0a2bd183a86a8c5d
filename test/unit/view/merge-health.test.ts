import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FailureGroup, Service } from '../../../src/view/documents.ts';
import { mergeHealth } from '../../../src/view/merge-health.ts';

const service = (changes: Partial<Service> = {}): Service => ({
  kind: 'store',
  name: 'photos',
  target: 'http://store.example',
  state: 'unused',
  last_success_at: null,
  last_error: null,
  breaker: null,
  latency: [],
  ...changes,
});
const error = (at: number) => ({ at, type: 'store_unreachable', cause: 'ECONNREFUSED', trace_id: `trace-${at}` });
const point = (at: number, calls: number, failures: number, mean_seconds: number, max_seconds: number) => ({
  at,
  calls,
  failures,
  mean_seconds,
  max_seconds,
});
const merged = (...services: Service[]): readonly Service[] =>
  mergeHealth(services.map((one) => ({ services: [one], failures: [] }))).services;

describe('the health of several processes', () => {
  it('has each service once: by kind, name and target', () => {
    const others = [service({ name: 'films' }), service({ kind: 'policy' }), service({ target: null })];
    assert.deepEqual(merged(service(), ...others, service()), [service(), ...others]);
  });

  it('has the last success of all, and the newest error', () => {
    const [one] = merged(
      service({ last_success_at: 5, last_error: error(9) }),
      service({ last_success_at: 7, last_error: error(8) }),
      service(),
    );
    assert.deepEqual([one?.state, one?.last_success_at, one?.last_error], ['failing', 7, error(9)]);
    assert.equal(merged(service({ last_error: error(9) }), service({ last_success_at: 10 }))[0]?.state, 'ok');
  });

  it('has the worst state of the circuit breakers', () => {
    const [one] = merged(
      service({ breaker: 'closed' }),
      service({ breaker: 'open' }),
      service({ breaker: 'half_open' }),
    );
    assert.deepEqual([one?.breaker, one?.state], ['open', 'failing']);
    assert.equal(merged(service(), service({ breaker: 'closed' }))[0]?.breaker, 'closed');
  });

  it('adds the calls of the same period', () => {
    const [one] = merged(
      service({ latency: [point(10_000, 1, 1, 4, 4), point(30_000, 2, 0, 1, 2)] }),
      service({ latency: [point(10_000, 3, 0, 2, 3), point(20_000, 1, 0, 1, 1)] }),
    );
    assert.deepEqual(one?.latency, [point(10_000, 4, 1, 2.5, 4), point(20_000, 1, 0, 1, 1), point(30_000, 2, 0, 1, 2)]);
  });

  it('adds the failures of the same side, type and reason, with the newest five examples', () => {
    const example = (at: number) => ({ at, id: `id-${at}`, trace_id: null, bucket: 'photos', key: null, message: 'm' });
    const group = (count: number, times: number[], reason: string | null = 'ECONNREFUSED'): FailureGroup => ({
      side: 'store',
      error_type: 'store_unreachable',
      reason,
      count,
      examples: times.map(example),
    });
    const { failures } = mergeHealth([
      { services: [], failures: [group(9, [9, 6, 3, 2, 1])] },
      { services: [], failures: [group(3, [8, 7, 4]), group(1, [1], null)] },
    ]);
    assert.deepEqual(failures, [group(12, [9, 8, 7, 6, 4]), group(1, [1], null)]);
  });

  it('is unchanged for one process, and empty without any', () => {
    const one = { services: [service({ last_success_at: 1, state: 'ok' })], failures: [] };
    assert.deepEqual(mergeHealth([one]), one);
    assert.deepEqual(mergeHealth([]), { services: [], failures: [] });
  });
});
