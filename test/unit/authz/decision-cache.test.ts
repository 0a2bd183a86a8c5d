import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Decided, DecisionCache } from '../../../src/authz/decision-cache.ts';

const YES: Decided = { allow: true, reason: 'policy_allowed' };
const NO: Decided = { allow: false, reason: 'policy_denied' };
const NEVER = undefined;

/** A cache of ten seconds, whose clock stands at 1000 s until it is set. */
function setUp(ttlMillis = 10_000) {
  const clock = { now: 1_000_000 };
  const cache = new DecisionCache(ttlMillis, () => clock.now);
  let calls = 0;
  /** Whether it was had without a call. */
  const ask = async (question = 'q', expiresAt: number | undefined = NEVER, decided = YES): Promise<boolean> => {
    const before = calls;
    const answer = await cache.decide(question, expiresAt, async () => {
      calls++;
      return decided;
    });
    assert.equal(answer.cached, calls === before, 'it tells the truth about the call');
    return answer.cached;
  };
  return { cache, clock, ask };
}

describe('the cache of decisions', () => {
  it('caches a decision with its reason until it expires', async () => {
    const { cache, clock, ask } = setUp();
    assert.deepEqual(await cache.decide('q', NEVER, async () => NO), { ...NO, cached: false });
    clock.now += 9_999;
    const notAsked = () => assert.fail('asked');
    assert.deepEqual(await cache.decide('q', NEVER, notAsked), { ...NO, cached: true });
    clock.now += 1;
    assert.equal(await ask(), false);
  });

  it('counts the time from the response, not from the last use', async () => {
    const { clock, ask } = setUp();
    await ask();
    clock.now += 6_000;
    assert.equal(await ask(), true);
    clock.now += 6_000;
    assert.equal(await ask(), false);
  });

  it('ends with the credentials', async () => {
    const { clock, ask } = setUp();
    const expiresAt = clock.now + 3_000;
    await ask('q', expiresAt);
    clock.now += 2_999;
    assert.equal(await ask('q', expiresAt), true);
    clock.now += 1;
    assert.equal(await ask('q', expiresAt), false);
  });

  it('caches nothing for expired credentials', async () => {
    for (const ended of [0, 1, 5_000]) {
      const { clock, ask } = setUp();
      const expiresAt = clock.now - ended;
      await ask('q', expiresAt);
      clock.now -= 60_000;
      assert.equal(await ask('q', expiresAt), false, 'not even when the clock goes back');
    }
  });

  it('does not use the decision for other credentials', async () => {
    const { clock, ask } = setUp();
    await ask('q', clock.now + 60_000);
    assert.equal(await ask('q', clock.now + 60_001), false);
    assert.equal(await ask('q', NEVER), false);
    // The end and the question are told apart: nobody gets the one by writing it into the other.
    await ask('1\nq', NEVER);
    assert.equal(await ask('q', 1), false);
  });

  it('caches nothing with a time of 0', async () => {
    const { ask } = setUp(0);
    await ask();
    assert.equal(await ask(), false);
  });

  it('does not cache an error, and throws it to all waiting callers', async () => {
    const { cache, ask } = setUp();
    const problem = new Error('problem');
    const { promise, reject } = Promise.withResolvers<Decided>();
    const waiting = [1, 2, 3].map(() => cache.decide('q', NEVER, () => promise));
    reject(problem);
    for (const outcome of await Promise.allSettled(waiting))
      assert.equal(outcome.status === 'rejected' && outcome.reason, problem);
    assert.equal(await ask(), false);
    assert.equal(await ask(), true);
  });

  for (const ttlMillis of [0, 10_000]) {
    it(`shares one call among equal queries, and only equal ones, with a time of ${ttlMillis}`, async () => {
      const { cache, clock } = setUp(ttlMillis);
      const calls: string[] = [];
      const { promise, resolve } = Promise.withResolvers<Decided>();
      const decide = (question: string, expiresAt?: number) =>
        cache.decide(question, expiresAt, () => {
          calls.push(question);
          return promise;
        });
      const waiting = [decide('a'), decide('a'), decide('b'), decide('a'), decide('a', clock.now + 5_000)];
      assert.deepEqual(calls, ['a', 'b', 'a']);
      resolve(YES);
      const cached = (await Promise.all(waiting)).map((answer) => answer.cached);
      assert.deepEqual(cached, [false, true, false, true, false]);
    });
  }

  it('removes the oldest entry when it is full', async () => {
    const { ask } = setUp();
    for (let i = 0; i < 10_000; i++) await ask(`q${i}`);
    assert.equal(await ask('q0'), true);
    await ask('one more');
    assert.equal(await ask('q1'), true);
    assert.equal(await ask('one more'), true);
    assert.equal(await ask('q0'), false);
  });

  it('measures the age of an entry from its last call', async () => {
    const { clock, ask } = setUp();
    await ask('renewed');
    clock.now += 10_000;
    await ask('older');
    await ask('renewed');
    for (let i = 0; i < 9_999; i++) await ask(`q${i}`);
    assert.equal(await ask('renewed'), true);
    assert.equal(await ask('older'), false);
  });
});
