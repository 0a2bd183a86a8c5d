import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAUSE_MILLIS, StreamWriter } from '../../../../src/export/thread/stream-writer.ts';

/** A stream with room for some bytes, and a clock that only `sleep` moves. */
function fakeStream(room: number) {
  const stream = { room, written: '', millis: 0 };
  const writer = new StreamWriter(2, {
    now: () => stream.millis,
    sleep: (millis) => void (stream.millis += millis),
    write(_, bytes) {
      if (stream.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      const count = Math.min(stream.room, bytes.length);
      stream.room -= count;
      stream.written += Buffer.from(bytes.subarray(0, count)).toString();
      return count;
    },
  });
  return { stream, writer };
}

describe('a writer to a standard stream', () => {
  it('waits for a reader that is slow', () => {
    const { stream, writer } = fakeStream(3);
    let reads = 0;
    const slow = Object.defineProperty(stream, 'millis', {
      get: () => reads,
      set(millis: number) {
        reads = millis;
        stream.room += 1;
      },
    });
    writer.write('hello\n');
    assert.equal(slow.written, 'hello\n');
  });

  it('waits once for a reader that has stalled, and then fails at once for a while', () => {
    const { stream, writer } = fakeStream(0);
    assert.throws(() => writer.write('one\n'), /stalled/);
    const waited = stream.millis;
    assert.ok(waited > 1_000 && waited < 1_100, `${waited} ms`);
    for (let i = 0; i < 100; i++) assert.throws(() => writer.write('two\n'), /stalled/);
    assert.equal(stream.millis, waited);
    stream.millis += PAUSE_MILLIS;
    stream.room = 100;
    writer.write('three\n');
    assert.equal(stream.written, 'three\n');
  });

  it('tries again after the pause, and waits once more', () => {
    const { stream, writer } = fakeStream(0);
    assert.throws(() => writer.write('one\n'), /stalled/);
    stream.millis += PAUSE_MILLIS;
    const before = stream.millis;
    assert.throws(() => writer.write('two\n'), /stalled/);
    assert.ok(stream.millis > before);
    assert.throws(() => writer.write('three\n'), /stalled/);
  });

  it('begins a new line after one that is incomplete', () => {
    const { stream, writer } = fakeStream(2);
    assert.throws(() => writer.write('one\n'), /stalled/);
    stream.millis += PAUSE_MILLIS;
    stream.room = 100;
    writer.write('two\n');
    writer.write('three\n');
    assert.equal(stream.written, 'on\ntwo\nthree\n');
  });

  it('throws any other error at once, and does not pause for it', () => {
    const errors = ['EPIPE', undefined];
    const writer = new StreamWriter(2, {
      now: () => 0,
      sleep: () => assert.fail('slept'),
      write(_, bytes) {
        const code = errors.shift();
        if (code !== undefined) throw Object.assign(new Error(code), { code });
        return bytes.length;
      },
    });
    assert.throws(() => writer.write('one\n'), /EPIPE/);
    writer.write('two\n');
  });
});
