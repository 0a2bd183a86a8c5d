import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { Watcher } from '../../../../src/view/http/watcher.ts';

class FakeResponse extends EventEmitter {
  writableNeedDrain = false;
  isDestroyed = false;

  write(event: string): boolean {
    this.writableNeedDrain = event.length > 100;
    return !this.writableNeedDrain;
  }

  drain(): void {
    this.writableNeedDrain = false;
    this.emit('drain');
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

describe('a stream of events', () => {
  const large = 'x'.repeat(101);

  it('is destroyed if its client does not read for 30 s', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const response = new FakeResponse();
    const watcher = new Watcher(response as unknown as ServerResponse);
    assert.equal(watcher.isReady, true);
    watcher.send(large);
    assert.equal(watcher.isReady, false);
    t.mock.timers.tick(29_999);
    assert.equal(response.isDestroyed, false);
    t.mock.timers.tick(1);
    assert.equal(response.isDestroyed, true);
  });

  it('goes on if its client reads in time, or closes', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const response = new FakeResponse();
    const watcher = new Watcher(response as unknown as ServerResponse);
    let closed = 0;
    watcher.onClose(() => closed++);
    for (let round = 0; round < 3; round++) {
      watcher.send(large);
      t.mock.timers.tick(20_000);
      response.drain();
      assert.equal(watcher.isReady, true);
    }
    watcher.send(large);
    response.emit('close');
    t.mock.timers.tick(60_000);
    assert.deepEqual([response.isDestroyed, closed], [false, 1]);
  });
});
