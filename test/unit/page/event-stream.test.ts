import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverEvents } from '../../../page/data/event-stream.ts';

async function eventsOf(...texts: string[]) {
  async function* stream() {
    yield* texts;
  }
  return Array.fromAsync(serverEvents(stream()));
}

describe('server-sent events', () => {
  it('have a name and data', async () => {
    assert.deepEqual(await eventsOf('event: uploads\ndata: {"a":1}\n\n'), [{ name: 'uploads', data: '{"a":1}' }]);
  });

  it('may arrive in any pieces', async () => {
    const text = 'event: a\ndata: 1\n\nevent: b\r\ndata: 2\r\n\r\n';
    const whole = await eventsOf(text);
    for (let place = 1; place < text.length; place++)
      assert.deepEqual(await eventsOf(text.slice(0, place), text.slice(place)), whole, `${place}`);
    assert.deepEqual(
      whole.map(({ name, data }) => `${name}${data}`),
      ['a1', 'b2'],
    );
  });

  it('may have several lines of data', async () => {
    assert.deepEqual(await eventsOf('data: 1\ndata:2\n\n'), [{ name: 'message', data: '1\n2' }]);
  });

  it('may have line separators of Unicode in their data, which JSON does not escape', async () => {
    const data = JSON.stringify({ key: 'a\u2028b\u2029c\u0085d' });
    assert.deepEqual(await eventsOf(`event: uploads\ndata: ${data}\n\n`), [{ name: 'uploads', data }]);
  });

  it('are not comments and retries', async () => {
    assert.deepEqual(await eventsOf(': heartbeat\n\nretry: 100\n\n'), []);
  });

  it('that are incomplete at the end are ignored', async () => {
    assert.deepEqual(await eventsOf('data: 1\n\ndata: 2'), [{ name: 'message', data: '1' }]);
  });
});
