/** Counters and histograms of authentication and authorization. */
import type { AuthObserver, BreakerState } from '../domain/auth-observer.ts';
import { type Registry, traceOf } from './registry.ts';

const STATES: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

export function watchIdentity(registry: Registry): AuthObserver {
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
    calls: (bucket, engine, figures) =>
      registry.onCollect(() => {
        registry.set('mizuchi_engine_calls_in_flight', [bucket, engine], figures.used);
        registry.set('mizuchi_engine_calls_waiting', [bucket, engine], figures.waiting);
      }),
    engineCalled: (bucket, engine, outcome, seconds, span) =>
      registry.observe('mizuchi_engine_call_duration_seconds', [bucket, engine, outcome], seconds, traceOf(span)),
    keysFetched(result, provider, seconds, span) {
      const trace = traceOf(span);
      registry.add('mizuchi_identity_key_fetches', [result], 1, trace);
      registry.observe('mizuchi_identity_key_fetch_duration_seconds', [provider, result], seconds, trace);
      if (result === 'success')
        registry.set('mizuchi_identity_keys_last_success_timestamp_seconds', [provider], Date.now() / 1000);
    },
  };
}
