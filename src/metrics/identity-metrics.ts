/** Counters and histograms of authentication and authorization. */
import type { AuthObserver, BreakerState } from '../domain/auth-observer.ts';
import { LabelMemo } from './label-memo.ts';
import type { Registry } from './registry.ts';
import { traceOf } from './series.ts';

const STATES: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

const GAUGES = [
  'mizuchi_authz_breaker_state',
  'mizuchi_engine_calls_in_flight',
  'mizuchi_engine_calls_waiting',
] as const;

type Three = readonly [bucket: string, engineOrMethod: string, result: string];

export function watchIdentity(registry: Registry): AuthObserver {
  const authentications = new LabelMemo(([bucket, method, result]: Three) => ({
    requests: registry.counter('mizuchi_auth_requests', [bucket, method, result]),
    duration: registry.histogram('mizuchi_auth_duration_seconds', [bucket, method]),
  }));
  const decisions = new LabelMemo(([bucket, engine, decision]: Three) => ({
    all: registry.counter('mizuchi_authz_decisions', [bucket, engine, decision]),
    cached: registry.counter('mizuchi_authz_cached_decisions', [bucket, engine]),
    duration: registry.histogram('mizuchi_authz_duration_seconds', [bucket, engine]),
  }));
  const engineCalls = new LabelMemo((labels: Three) =>
    registry.histogram('mizuchi_engine_call_duration_seconds', labels),
  );
  /** A reload replaces an engine while requests still use the previous one. */
  const users = new Map<string, number>();
  return {
    authenticated(bucket, method, result, seconds, span) {
      const trace = traceOf(span);
      const { requests, duration } = authentications.of([bucket, method, result]);
      requests.add(1, trace);
      duration.observe(seconds, trace);
    },
    decided(bucket, engine, decision, cached, seconds, span) {
      const trace = traceOf(span);
      const series = decisions.of([bucket, engine, decision]);
      series.all.add(1, trace);
      if (cached) series.cached.add(1, trace);
      else series.duration.observe(seconds, trace);
    },
    breaker: (bucket, engine, state) => registry.set('mizuchi_authz_breaker_state', [bucket, engine], STATES[state]),
    calls(bucket, engine, figures) {
      const labels = [bucket, engine];
      const key = labels.join('\0');
      users.set(key, (users.get(key) ?? 0) + 1);
      const stop = registry.onCollect(() => {
        registry.set('mizuchi_engine_calls_in_flight', labels, figures.used);
        registry.set('mizuchi_engine_calls_waiting', labels, figures.waiting);
      });
      return () => {
        stop();
        users.set(key, users.get(key)! - 1);
        if (users.get(key) === 0) for (const name of GAUGES) registry.remove(name, labels);
      };
    },
    engineCalled: ({ bucket, engine, outcome, seconds, span }) =>
      engineCalls.of([bucket, engine, outcome]).observe(seconds, traceOf(span)),
    keySource: () => () => {},
    keysFetched(result, provider, seconds, span) {
      const trace = traceOf(span);
      registry.add('mizuchi_identity_key_fetches', [result], 1, trace);
      registry.observe('mizuchi_identity_key_fetch_duration_seconds', [provider, result], seconds, trace);
      if (result === 'success')
        registry.set('mizuchi_identity_keys_last_success_timestamp_seconds', [provider], Date.now() / 1000);
    },
  };
}
