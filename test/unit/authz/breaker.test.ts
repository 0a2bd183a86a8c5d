import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Breaker, createBreaker, OPEN_MILLIS } from '../../../src/authz/breaker.ts';
import { EngineError } from '../../../src/authz/engine-error.ts';
import type { BreakerState } from '../../../src/domain/auth-observer.ts';
import { Failure } from '../../../src/domain/failure.ts';

const UNWELL = new EngineError('engine_failed');
const WELL_BUT_REFUSES = new EngineError('engine_refused');

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  const told: BreakerState[] = [];
  return { breaker: createBreaker((state) => told.push(state)), told };
}

const fail = (breaker: Breaker, error: Error = UNWELL): Promise<void> =>
  assert.rejects(
    breaker.run(() => Promise.reject(error)),
    (thrown) => thrown === error,
  );
const succeed = async (breaker: Breaker): Promise<void> => {
  assert.equal(await breaker.run(async () => 'answer'), 'answer');
};
const isLeftAlone = async (breaker: Breaker): Promise<void> => {
  const called = () => assert.fail('called');
  await assert.rejects(breaker.run(called), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.type, error.reason], ['policy_unavailable', 'breaker_open']);
    assert.equal(error.headers['retry-after'], '5');
    return true;
  });
};
async function open(breaker: Breaker): Promise<void> {
  for (let i = 0; i < 5; i++) await fail(breaker);
}

describe('the circuit breaker before an engine', () => {
  it('opens after five failures in a row, and then makes no call', async (t) => {
    const { breaker, told } = setUp(t);
    for (let i = 0; i < 4; i++) await fail(breaker);
    assert.deepEqual(told, ['closed']);
    await fail(breaker);
    assert.deepEqual(told, ['closed', 'open']);
    await isLeftAlone(breaker);
    t.mock.timers.tick(OPEN_MILLIS - 1);
    await isLeftAlone(breaker);
  });

  it('does not stay open if the clock is set back', async (t) => {
    const { breaker, told } = setUp(t);
    await open(breaker);
    t.mock.timers.reset();
    t.mock.timers.enable({ apis: ['Date'], now: 1_000 });
    await succeed(breaker);
    assert.deepEqual(told, ['closed', 'open', 'half_open', 'closed']);
  });

  it('starts counting again after each success', async (t) => {
    const { breaker, told } = setUp(t);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 4; j++) await fail(breaker);
      await succeed(breaker);
    }
    assert.deepEqual(told, ['closed']);
  });

  it('does not count errors that the engine did not cause', async (t) => {
    const { breaker, told } = setUp(t);
    const faults = [
      WELL_BUT_REFUSES,
      new EngineError('engine_failed', { engineFailed: false }),
      new Failure('client_aborted'),
      new TypeError('ours'),
    ];
    for (const fault of faults) for (let i = 0; i < 10; i++) await fail(breaker, fault);
    assert.deepEqual(told, ['closed']);
    await succeed(breaker);
  });

  it('closes after a successful probe; other calls wait for it', async (t) => {
    const { breaker, told } = setUp(t);
    await open(breaker);
    t.mock.timers.tick(OPEN_MILLIS);
    const states: BreakerState[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const call = async (state: BreakerState): Promise<void> => {
      states.push(state);
      await promise;
    };
    const calls = [breaker.run(call), breaker.run(call), breaker.run(call)];
    assert.deepEqual(states, ['half_open']);
    resolve();
    await Promise.all(calls);
    assert.deepEqual(states, ['half_open', 'closed', 'closed']);
    assert.deepEqual(told, ['closed', 'open', 'half_open', 'closed']);
  });

  it('opens again when the probe fails; calls that waited are refused', async (t) => {
    const { breaker, told } = setUp(t);
    await open(breaker);
    t.mock.timers.tick(OPEN_MILLIS);
    const { promise, reject } = Promise.withResolvers<void>();
    const probe = assert.rejects(breaker.run(() => promise));
    const waiting = isLeftAlone(breaker);
    reject(UNWELL);
    await Promise.all([probe, waiting]);
    t.mock.timers.tick(OPEN_MILLIS - 1);
    await isLeftAlone(breaker);
    t.mock.timers.tick(1);
    await succeed(breaker);
    assert.deepEqual(told, ['closed', 'open', 'half_open', 'open', 'half_open', 'closed']);
  });

  it('closes after a probe that the engine refused', async (t) => {
    const { breaker, told } = setUp(t);
    await open(breaker);
    t.mock.timers.tick(OPEN_MILLIS);
    await fail(breaker, WELL_BUT_REFUSES);
    await succeed(breaker);
    assert.deepEqual(told, ['closed', 'open', 'half_open', 'closed']);
  });

  it('passes its state to each call', async (t) => {
    const { breaker } = setUp(t);
    assert.equal(await breaker.run(async (state) => state), 'closed');
    await open(breaker);
    t.mock.timers.tick(OPEN_MILLIS);
    assert.equal(await breaker.run(async (state) => state), 'half_open');
    assert.equal(await breaker.run(async (state) => state), 'closed');
  });
});
