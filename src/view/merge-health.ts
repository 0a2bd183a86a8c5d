/** The health of several processes as that of one gateway. */
import type { FailureGroup, LatencyPoint, Service } from './documents.ts';
import { withState } from './service-record.ts';
import type { HealthOfProcess } from './sources.ts';

/** Most examples of a group of failures. */
const MOST_EXAMPLES = 5;
/** The worst state last. */
const BREAKERS: readonly Service['breaker'][] = [null, 'closed', 'half_open', 'open'];

export function mergeHealth(all: readonly HealthOfProcess[]): HealthOfProcess {
  const services = all.flatMap((one) => one.services);
  const failures = all.flatMap((one) => one.failures);
  return {
    services: groupsOf(services, ({ kind, name, target }) => [kind, name, target]).map(mergeServices),
    failures: groupsOf(failures, ({ side, error_type, reason }) => [side, error_type, reason]).map(mergeFailures),
  };
}

/** In the order of the first item of each group. */
function groupsOf<T>(items: readonly T[], identity: (item: T) => readonly (string | null)[]): T[][] {
  return [...Map.groupBy(items, (item) => JSON.stringify(identity(item))).values()];
}

function mergeServices(services: readonly Service[]): Service {
  const { kind, name, target } = services[0]!;
  return withState({
    kind,
    name,
    target,
    last_success_at: newest(services.map(({ last_success_at }) => last_success_at)),
    last_error: services.map(({ last_error }) => last_error).reduce(newerError),
    breaker: services.map(({ breaker }) => breaker).reduce(worseBreaker),
    latency: mergeLatencies(services.flatMap(({ latency }) => latency)),
  });
}

function newest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function newerError(one: Service['last_error'], other: Service['last_error']): Service['last_error'] {
  return (other?.at ?? 0) > (one?.at ?? 0) ? other : one;
}

function worseBreaker(one: Service['breaker'], other: Service['breaker']): Service['breaker'] {
  return BREAKERS.indexOf(other) > BREAKERS.indexOf(one) ? other : one;
}

/** The periods of all processes begin at the same times. */
function mergeLatencies(points: readonly LatencyPoint[]): LatencyPoint[] {
  const periods = Map.groupBy(points, ({ at }) => at);
  return [...periods.values()].map((same) => same.reduce(addPoints)).sort((one, other) => one.at - other.at);
}

function addPoints(one: LatencyPoint, other: LatencyPoint): LatencyPoint {
  const calls = one.calls + other.calls;
  return {
    at: one.at,
    calls,
    failures: one.failures + other.failures,
    mean_seconds: (one.mean_seconds * one.calls + other.mean_seconds * other.calls) / calls,
    max_seconds: Math.max(one.max_seconds, other.max_seconds),
  };
}

function mergeFailures(groups: readonly FailureGroup[]): FailureGroup {
  const { side, error_type, reason } = groups[0]!;
  const examples = groups.flatMap((group) => group.examples).sort((one, other) => other.at - one.at);
  return {
    side,
    error_type,
    reason,
    count: groups.reduce((sum, { count }) => sum + count, 0),
    examples: examples.slice(0, MOST_EXAMPLES),
  };
}
