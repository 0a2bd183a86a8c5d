import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { ClientReader } from '../../../src/body/client-reader.ts';
import { TransferClock } from '../../../src/body/transfer-clock.ts';
import type { Failure } from '../../../src/domain/failure.ts';

describe('ClientReader', () => {
  it('notices that the client disconnected before the first read', async () => {
    const source = new Readable({ read() {} });
    source.destroy();
    await once(source, 'close');
    const transfer = new TransferClock();
    const failure = await new Promise<Failure>((fail, reject) => {
      const late = (): void => reject(new Error('it waited'));
      new ClientReader(source, { idleMillis: 20, leastRate: 0 }, transfer, { bytes: late, end: late, fail });
    });
    assert.equal(failure.type, 'client_aborted');
  });

  describe('with a minimum rate', () => {
    /** Of 10 s windows and 100 bytes a second, on a clock that only the test moves. */
    function start(t: TestContext) {
      let now = 0;
      t.mock.method(performance, 'now', () => now * 1000);
      const source = new Readable({ read() {} });
      const transfer = new TransferClock();
      const failures: Failure[] = [];
      const sink = { bytes() {}, end() {}, fail: (failure: Failure) => void failures.push(failure) };
      const reader = new ClientReader(source, { idleMillis: 10_000, leastRate: 100 }, transfer, sink);
      t.after(() => reader.stop());
      const send = (bytes: number, afterSeconds: number): void => {
        now += afterSeconds;
        source.emit('data', Buffer.alloc(bytes));
      };
      const storeWaits = (seconds: number): void => {
        reader.pause();
        now += seconds;
        reader.resume();
      };
      return { send, storeWaits, failures, transfer };
    }

    it('ends a body that drips, when the window is over', (t) => {
      const { send, failures } = start(t);
      for (let i = 0; i < 9; i++) send(99, 1);
      assert.deepEqual(failures, []);
      send(99, 1);
      assert.deepEqual(
        failures.map(({ type, reason }) => [type, reason]),
        [['client_stalled', 'below_minimum_rate']],
      );
    });

    it('begins anew with each window', (t) => {
      const { send, failures } = start(t);
      send(1_000_000, 10);
      send(1_000, 10);
      assert.deepEqual(failures, []);
      send(999, 10);
      assert.equal(failures.length, 1);
    });

    it('counts no time in which the store is waited for', (t) => {
      const { send, storeWaits, failures, transfer } = start(t);
      for (let i = 0; i < 20; i++) {
        send(100, 1);
        storeWaits(1_000);
      }
      assert.deepEqual(failures, []);
      assert.equal(transfer.clientWaitSeconds, 20);
    });
  });
});
