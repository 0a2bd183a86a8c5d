/** Five hundred gateways and one collector that comes back: simulated, because they must not all connect at once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CircuitBreaker } from '../../../../src/export/thread/circuit-breaker.ts';
import { seededRandom } from '../../../../src/kit/seeded-random.ts';

const GATEWAYS = 500;
/** How long collectors are away: a restart, a slow one, and one by hand. */
const OUTAGES = [10, 60, 180] as const;
/** Milliseconds after which a simulation is given up, and ten times the outage. */
const LONGEST = 60_000;
/** Interval of the simulation, in milliseconds. */
const STEP = 50;

interface Fleet {
  /** Attempts in each second since the outage began. */
  readonly perSecond: readonly number[];
  /** Milliseconds after the collector's return at which the last gateway had got through. */
  readonly recoveredAfter: number;
}

/**
 * All of them fail in the same moment, as they do when a collector goes: that is what makes a herd.
 * @param retryAfter milliseconds that the collector sends each time.
 */
function simulate(outageMillis: number, random: () => number, retryAfter?: number): Fleet {
  let time = 0;
  const now = (): number => time;
  const breakers = Array.from({ length: GATEWAYS }, () => new CircuitBreaker({ now, random }));
  const waiting = new Set(breakers);
  const perSecond: number[] = [];
  for (; waiting.size > 0 && time < 10 * outageMillis + LONGEST; time += STEP) {
    const second = Math.floor(time / 1000);
    for (const breaker of waiting) {
      if (breaker.waitMillis(false) > 0 || !breaker.tryEnter(false)) continue;
      perSecond[second] = (perSecond[second] ?? 0) + 1;
      if (time < outageMillis) breaker.failed(time, retryAfter);
      else {
        breaker.succeeded();
        waiting.delete(breaker);
      }
    }
  }
  return { perSecond: Array.from(perSecond, (count) => count ?? 0), recoveredAfter: time - outageMillis };
}

for (const seconds of OUTAGES) {
  describe(`a fleet of gateways whose collector is away for ${seconds} seconds`, () => {
    const { perSecond, recoveredAfter } = simulate(seconds * 1000, seededRandom(7));

    it('comes back spread, and all of it within eleven seconds', () => {
      const returning = perSecond.slice(seconds);
      assert.ok(Math.max(...returning) < GATEWAYS / 3, `${Math.max(...returning)} in one second`);
      assert.ok(recoveredAfter <= 11_000, `${recoveredAfter} ms`);
    });
  });
}

for (const [seconds, retryAfter] of [
  [0.05, 5],
  [20, 5],
  [0.05, 30],
  [60, 30],
  [180, 100_000],
] as const) {
  describe(`a fleet whose collector is overloaded for ${seconds} seconds, and sends Retry-After: ${retryAfter}`, () => {
    const { perSecond, recoveredAfter } = simulate(seconds * 1000, seededRandom(7), retryAfter * 1000);

    it('obeys Retry-After, fifteen seconds at most', () => {
      const first = perSecond.findIndex((count, second) => second > 0 && count > 0);
      assert.ok(first >= Math.min(retryAfter, 15), `the first is back after ${first} s`);
    });

    it('comes back spread, and all of it within twenty-five seconds', () => {
      const returning = perSecond.slice(Math.max(1, Math.ceil(seconds)));
      assert.ok(Math.max(...returning) < GATEWAYS / 3, `${Math.max(...returning)} in one second`);
      assert.ok(recoveredAfter <= 25_100, `${recoveredAfter} ms`);
    });
  });
}

describe('a fleet of gateways whose collector stays away', () => {
  const seconds = 180;
  const settled = simulate(seconds * 1000, seededRandom(7)).perSecond.slice(30, seconds);

  it('spreads its attempts: no second has more than a third of the fleet', () => {
    assert.ok(Math.max(...settled) < GATEWAYS / 3, `${Math.max(...settled)} attempts in one second`);
  });

  it('sends no more often than once in five seconds for each gateway, on average', () => {
    const mean = settled.reduce((sum, count) => sum + count, 0) / settled.length;
    assert.ok(mean < GATEWAYS / 4.5, `${mean} attempts a second`);
  });

  it('would send in bursts without the jitter', () => {
    const herd = simulate(seconds * 1000, () => 1);
    assert.equal(Math.max(...herd.perSecond.slice(30)), GATEWAYS);
  });
});
