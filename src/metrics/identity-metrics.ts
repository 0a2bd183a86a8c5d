/** Counters and histograms of authentication and authorization. */
import type { AuthObserver, BreakerState } from '../domain/auth-observer.ts';
import { type Registry, traceOf } from './registry.ts';

const STATES: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

const GAUGES = [
  'mizuchi_authz_breaker_state',
  'mizuchi_engine_calls_in_flight',
  'mizuchi_engine_calls_waiting',
] as const;

export function watchIdentity(registry: Registry): AuthObserver {
  /** A reload replaces an engine while requests still use the previous one. */
  const users = new Map<string, number>();
  return {
    authenticated(bucket, method, result, seconds, span) {
      const trace = traceOf(span);
      registry.add('mizuchi_auth_requests', [bucket, method, result], 1, trace);
      registry.observe('mizuchi_auth_duration_seconds', [bucket, method], seconds, trace);
    },
    decided(bucket, engine, decision, cached, seconds, span) {
      const trace = traceOf(span);
      registry.add('mizuchi_authz_decisions', [bucket, engine, decision], 1, trace);
      if (cached) registry.add('mizuchi_authz_cached_decisions', [bucket, engine], 1, trace);
      else registry.observe('mizuchi_authz_duration_seconds', [bucket, engine], seconds, trace);
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
      registry.observe('mizuchi_engine_call_duration_seconds', [bucket, engine, outcome], seconds, traceOf(span)),
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
