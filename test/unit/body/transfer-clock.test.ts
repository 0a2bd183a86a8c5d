import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { TransferClock, type WaitCause } from '../../../src/body/transfer-clock.ts';
import type { MovedFigures } from '../../../src/domain/body-pump.ts';

/** A clock whose time only the test moves, in seconds. */
function start(t: TestContext) {
  let now = 0;
  t.mock.method(performance, 'now', () => now * 1000);
  return { clock: new TransferClock(), pass: (seconds: number) => void (now += seconds) };
}

describe('TransferClock', () => {
  it('adds up the waits for one cause, and keeps the causes apart', (t) => {
    const { clock, pass } = start(t);
    const client = clock.wait('client');
    const store = clock.wait('store');
    client.start();
    pass(2);
    assert.equal(client.stop(), 2000);
    store.start();
    pass(3);
    store.stop();
    client.start();
    pass(1);
    client.stop();
    assert.deepEqual([clock.clientWaitSeconds, clock.storeWaitSeconds], [3, 3]);
    assert.deepEqual([clock.memoryWaitSeconds, clock.connectionWaitSeconds], [0, 0]);
  });

  it('counts each second once where waits for one cause overlap', (t) => {
    const { clock, pass } = start(t);
    const [first, second] = [clock.wait('store'), clock.wait('store')];
    first.start();
    pass(2);
    second.start();
    pass(3);
    assert.equal(first.stop(), 5000);
    pass(4);
    assert.equal(second.stop(), 7000);
    assert.equal(clock.storeWaitSeconds, 9);
  });

  it('is not confused by a second start or stop', (t) => {
    const { clock, pass } = start(t);
    const wait = clock.wait('memory');
    assert.equal(wait.stop(), 0);
    wait.start();
    pass(1);
    wait.start();
    pass(1);
    assert.equal(wait.stop(), 2000);
    assert.equal(wait.stop(), 0);
    assert.equal(clock.memoryWaitSeconds, 2);
  });

  it('counts the time of a promise, also of one that fails', async (t) => {
    const { clock, pass } = start(t);
    const { promise, reject } = Promise.withResolvers<void>();
    const waiting = clock.during('memory', promise);
    pass(5);
    reject(new Error('no memory'));
    await assert.rejects(waiting, /no memory/);
    assert.equal(clock.memoryWaitSeconds, 5);
  });

  it('waits for the client while parts wait for a connection or for their next attempt', () => {
    const clock = new TransferClock();
    assert.equal(clock.waitsFor, undefined);
    const waitsAfter = (cause: WaitCause) => {
      clock.wait(cause).start();
      return clock.waitsFor;
    };
    const causes = ['retry', 'connection', 'client', 'store', 'memory'] as const;
    assert.deepEqual(causes.map(waitsAfter), ['store', 'connection', 'client', 'store', 'memory']);
  });

  it('includes the figures of a moved body while it moves, and keeps the last ones', (t) => {
    const { clock, pass } = start(t);
    clock.received(10);
    const wait = clock.wait('client');
    wait.start();
    pass(1);
    wait.stop();
    const figures: { -readonly [name in keyof MovedFigures]: MovedFigures[name] } = {
      bytes: 0,
      firstByteAt: undefined,
      lastByteAt: undefined,
      clientWaitSeconds: 0,
      storeWaitSeconds: 0,
      waitsFor: 'client',
      waitsSince: 7,
    };
    const seen = (): unknown => [
      clock.bytes,
      clock.firstByteAt,
      clock.lastByteAt,
      clock.clientWaitSeconds,
      clock.storeWaitSeconds,
      clock.waitsFor,
    ];
    const unfollow = clock.follow(figures);
    assert.deepEqual(clock.currentWait, { cause: 'client', since: 7 });
    assert.deepEqual(seen(), [10, undefined, undefined, 1, 0, 'client']);
    Object.assign(figures, { bytes: 5, firstByteAt: 3, clientWaitSeconds: 2, storeWaitSeconds: 4, waitsFor: 'store' });
    assert.deepEqual(seen(), [15, 3, undefined, 3, 4, 'store']);
    Object.assign(figures, { bytes: 6, lastByteAt: 9, waitsFor: undefined });
    const last = [16, 3, 9, 3, 4, undefined];
    assert.deepEqual(seen(), last);
    unfollow();
    unfollow();
    Object.assign(figures, { bytes: 100, waitsFor: 'store' });
    assert.deepEqual(seen(), last);
  });

  it('keeps the first byte that came ahead of a moved body, and adds bodies that move at once', (t) => {
    const { clock } = start(t);
    clock.firstByteAt = 1;
    const waits = { clientWaitSeconds: 1, storeWaitSeconds: 0, waitsFor: undefined, waitsSince: 0 };
    const ends = [5, 4].map((at) => clock.follow({ bytes: at, firstByteAt: at, lastByteAt: at + 10, ...waits }));
    for (const end of [...ends, () => {}]) {
      assert.deepEqual([clock.bytes, clock.firstByteAt, clock.lastByteAt, clock.clientWaitSeconds], [9, 1, 15, 2]);
      end();
    }
  });
});
