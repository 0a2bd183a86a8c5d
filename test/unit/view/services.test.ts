/** The health of services: which events are their errors, and which services are shown. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AuthObserver, NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { NO_STORE_OBSERVER, type StoreAttempt } from '../../../src/domain/store-observer.ts';
import type { Service } from '../../../src/view/documents.ts';
import { ServiceHealth } from '../../../src/view/services.ts';

const NOW = Date.parse('2026-03-01T12:00:05Z');
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const ORIGIN = 'http://store.example:9000';
const span = { ...NO_SPAN, traceId: TRACE };

const attempt = (changes: Partial<StoreAttempt> = {}): StoreAttempt => ({
  operation: 'PutObject',
  resends: 0,
  server: { hostname: 'store.example', port: 9000 },
  status: 200,
  errorType: undefined,
  isCancelled: false,
  cause: undefined,
  seconds: 0.25,
  span,
  ...changes,
});

function setUp() {
  const clock = { now: NOW };
  const health = new ServiceHealth(() => clock.now);
  const only = (): Service => {
    const services = health.services();
    assert.equal(services.length, 1);
    return services[0]!;
  };
  return { clock, health, only };
}

function storeOf({ health }: { health: ServiceHealth }) {
  return health.watchStore(NO_STORE_OBSERVER, 'photos', ORIGIN);
}

describe('the health of a store', () => {
  it('is unused before the first call', () => {
    const all = setUp();
    storeOf(all);
    assert.deepEqual(all.only(), {
      kind: 'store',
      name: 'photos',
      target: ORIGIN,
      last_success_at: null,
      last_error: null,
      breaker: null,
      latency: [],
      state: 'unused',
    });
  });

  it('is failing from an error to the next success', () => {
    const all = setUp();
    const store = storeOf(all);
    store.attempted(attempt());
    assert.equal(all.only().state, 'ok');
    all.clock.now += 1;
    store.attempted(
      attempt({ status: undefined, errorType: 'store_unreachable', cause: 'ECONNREFUSED', seconds: 0.75 }),
    );
    const { state, last_success_at, last_error, latency } = all.only();
    assert.deepEqual(
      [state, last_success_at, last_error],
      ['failing', NOW, { at: NOW + 1, type: 'store_unreachable', cause: 'ECONNREFUSED', trace_id: TRACE }],
    );
    assert.deepEqual(latency, [{ at: NOW - 5_000, calls: 2, failures: 1, mean_seconds: 0.5, max_seconds: 0.75 }]);
    all.clock.now += 1;
    store.attempted(attempt());
    assert.deepEqual([all.only().state, all.only().last_error?.at], ['ok', NOW + 1]);
  });

  it('counts the errors that the operator has to fix', () => {
    const all = setUp();
    storeOf(all).attempted(attempt({ status: 403, errorType: 'store_refused_gateway', cause: 'AccessDenied' }));
    assert.deepEqual([all.only().state, all.only().last_error?.cause], ['failing', 'AccessDenied']);
  });

  it('counts the errors of the client that the store reports as successes', () => {
    for (const errorType of ['refused_by_store', 'no_such_key', 'condition_failed', 'checksum_mismatch']) {
      const all = setUp();
      storeOf(all).attempted(attempt({ status: 400, errorType }));
      assert.deepEqual([errorType, all.only().state, all.only().latency[0]?.failures], [errorType, 'ok', 0]);
    }
  });

  it('ignores cancelled attempts, and errors of the gateway itself', () => {
    const all = setUp();
    const store = storeOf(all);
    store.attempted(attempt({ status: undefined, errorType: 'client_aborted', isCancelled: true }));
    store.attempted(attempt({ status: undefined, errorType: 'store_error', isCancelled: true }));
    store.attempted(attempt({ status: undefined, errorType: 'internal_error' }));
    assert.equal(all.only().state, 'unused');
  });

  it('ends with its last user, as after a reload', () => {
    const all = setUp();
    const [before, next] = [storeOf(all), storeOf(all)];
    before.attempted(attempt());
    before.closed();
    assert.equal(all.only().last_success_at, NOW);
    next.closed();
    next.attempted(attempt());
    assert.deepEqual(all.health.services(), []);
  });

  it('passes all events on', () => {
    const events: string[] = [];
    const next = { attempted: () => void events.push('attempted'), closed: () => void events.push('closed') };
    const store = setUp().health.watchStore(next, 'photos', ORIGIN);
    store.attempted(attempt());
    store.closed();
    assert.deepEqual(events, ['attempted', 'closed']);
  });

  it('is kept for 200 services at most, and events are passed on for all', () => {
    const { health } = setUp();
    let passed = 0;
    const next = { attempted: () => void passed++, closed() {} };
    for (let i = 0; i < 250; i++) health.watchStore(next, `bucket-${i}`, ORIGIN).attempted(attempt());
    assert.deepEqual([health.services().length, passed], [200, 250]);
  });
});

describe('the health of a policy engine', () => {
  const URL = 'http://opa.example:8181';
  const call = { bucket: 'photos', engine: 'opa', origin: URL, cause: undefined, seconds: 0.1, span };
  const engineIn = ({ health }: { health: ServiceHealth }) => {
    const watch = health.watchAuth(NO_OBSERVER);
    return { watch, close: watch.calls('photos', 'opa', { used: 0, waiting: 0 }, URL) };
  };

  it('has decisions as successes, and problems as errors', () => {
    const all = setUp();
    const { watch } = engineIn(all);
    watch.engineCalled({ ...call, outcome: 'deny' });
    assert.deepEqual([all.only().state, all.only().name, all.only().target], ['ok', 'opa of photos', URL]);
    all.clock.now += 1;
    watch.engineCalled({ ...call, outcome: 'engine_failed', cause: 'HTTP 500' });
    assert.deepEqual(
      [all.only().state, all.only().last_error],
      ['failing', { at: NOW + 1, type: 'engine_failed', cause: 'HTTP 500', trace_id: TRACE }],
    );
  });

  it('has the state of the circuit breaker, and is failing while it is open', () => {
    const all = setUp();
    const { watch } = engineIn(all);
    for (const [state, expected] of [
      ['closed', 'unused'],
      ['open', 'failing'],
      ['half_open', 'unused'],
    ] as const) {
      watch.breaker('photos', 'opa', state, URL);
      assert.deepEqual([all.only().breaker, all.only().state], [state, expected]);
    }
  });

  it('goes on after a dry run with another address', () => {
    const all = setUp();
    const { watch } = engineIn(all);
    watch.calls('photos', 'opa', { used: 0, waiting: 0 }, 'http://other.example')();
    watch.engineCalled({ ...call, outcome: 'allow' });
    assert.deepEqual([all.only().target, all.only().state], [URL, 'ok']);
  });

  it('ends when the engine is closed', () => {
    const all = setUp();
    const { watch, close } = engineIn(all);
    close();
    watch.engineCalled({ ...call, outcome: 'allow' });
    watch.breaker('photos', 'opa', 'open', URL);
    assert.deepEqual(all.health.services(), []);
  });

  it('passes all events on', () => {
    const events: string[] = [];
    const tell =
      (name: string) =>
      (...args: unknown[]): void =>
        void events.push(`${name} ${args.length}`);
    const next: AuthObserver = {
      authenticated: tell('authenticated'),
      decided: tell('decided'),
      breaker: tell('breaker'),
      engineCalled: tell('engineCalled'),
      keysFetched: tell('keysFetched'),
      calls: (...args) => {
        tell('calls')(...args);
        return () => void events.push('calls closed');
      },
      keySource: (provider) => {
        tell('keySource')(provider);
        return () => void events.push('keySource closed');
      },
    };
    const watch = setUp().health.watchAuth(next);
    watch.authenticated('photos', 'jwt', 'accepted', 0, span);
    watch.decided('photos', 'opa', 'allow', false, 0, span);
    watch.calls('photos', 'opa', { used: 0, waiting: 0 }, URL)();
    watch.breaker('photos', 'opa', 'closed', URL);
    watch.engineCalled({ ...call, outcome: 'allow' });
    watch.keySource('http://idp.example')();
    watch.keysFetched('error', 'http://idp.example', 0, span, 'ECONNREFUSED');
    assert.deepEqual(events, [
      'authenticated 5',
      'decided 6',
      'calls 4',
      'calls closed',
      'breaker 4',
      'engineCalled 1',
      'keySource 1',
      'keySource closed',
      'keysFetched 5',
    ]);
  });
});

describe('the health of a collector', () => {
  const collector = (stats: object) => {
    const all = setUp();
    all.health.watchExport({
      signal: 'traces',
      endpoint: 'https://user:secret@collector.example/v1?key=secret',
      stats: () => ({ breakerOpen: false, deliveredAt: undefined, failure: undefined, ...stats }),
    });
    return all.only();
  };

  it('has no credentials and no path in its target', () => {
    const { kind, name, target, state } = collector({});
    assert.deepEqual([kind, name, target, state], ['collector', 'traces', 'https://collector.example', 'unused']);
  });

  it('has its last success, and the last error with its cause', () => {
    const failure = { at: NOW, message: 'connect ECONNREFUSED; Authorization: Bearer abcdef' };
    const failing = collector({ deliveredAt: NOW - 1, failure, breakerOpen: true });
    assert.deepEqual(
      [failing.state, failing.breaker, failing.last_success_at, failing.last_error],
      [
        'failing',
        'open',
        NOW - 1,
        { at: NOW, type: 'not_delivered', cause: 'connect ECONNREFUSED; Authorization: REDACTED', trace_id: null },
      ],
    );
    assert.equal(collector({ deliveredAt: NOW + 1, failure }).state, 'ok');
  });
});
