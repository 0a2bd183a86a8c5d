/**
 * Each system call of src/kernel/libc.ts, a million times in one thread and with its result verified each time. V8 compiles calls
 * through node:ffi to machine code when they are hot, and that code has had bugs that the first calls do not show: integers that were
 * not checked any more, buffers that were refused. Run it for each new version of Node.js (docs/decisions/body-pump.md).
 */
import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { descriptorOf } from '../../../src/kernel/descriptor.ts';
import { Epoll } from '../../../src/kernel/epoll.ts';
import { EAGAIN, Libc } from '../../../src/kernel/libc.ts';
import { type SocketPair, socketPair } from '../../support/socket-pair.ts';

const CALLS = 1_000_000;
const EBADF = 9;
const BYTES = 37;

describe('the system calls, a million times each', () => {
  const libc = Libc.open();
  const sent = libc.fixed(4096);
  const received = libc.fixed(4096);
  let pair: SocketPair;
  let near: number;
  let far: number;
  let pipe: { readonly out: number; readonly in: number };
  let epoll: Epoll;
  let event: number;

  before(async () => {
    pair = await socketPair();
    near = descriptorOf(pair.near)!;
    far = descriptorOf(pair.far)!;
    pair.near.pause();
    pipe = libc.pipe() as typeof pipe;
    epoll = new Epoll(libc);
    event = libc.eventDescriptor();
    for (let i = 0; i < sent.bytes.length; i++) sent.bytes[i] = i * 31;
  });
  after(() => {
    epoll.close();
    for (const fd of [pipe.in, pipe.out, event]) closeSync(fd);
    pair.close();
  });

  /** @param once throws or returns false for a wrong result. */
  function hot(name: string, once: (i: number) => boolean, calls = CALLS): void {
    it(name, { timeout: 120_000 }, () => {
      for (let i = 0; i < calls; i++) if (!once(i)) assert.fail(`call ${i} has a wrong result`);
    });
  }
  const isEcho = (length: number): boolean =>
    received.bytes[0] === sent.bytes[0] && received.bytes[length - 1] === sent.bytes[length - 1];

  hot('send, splice into a pipe and out again, and recv', (i) => {
    const length = 1 + (i % BYTES);
    received.bytes[0] = received.bytes[length - 1] = 0;
    return (
      libc.send(near, sent.address, length, false) === length &&
      libc.pending(far) === length &&
      libc.splice(far, pipe.in, 4096, true) === length &&
      libc.splice(pipe.out, far, length, false) === length &&
      libc.receive(near, received.address, 4096) === length &&
      isEcho(length)
    );
  });

  hot(
    'recv and splice without bytes',
    () => libc.receive(far, received.address, 4096) === -EAGAIN && libc.splice(far, pipe.in, 4096, true) === -EAGAIN,
  );

  hot('duplicates of a descriptor, and close', (i) => {
    const duplicate = libc.duplicate(far);
    return (
      duplicate > 2 &&
      libc.duplicateOnto(near, duplicate) === duplicate &&
      libc.close(duplicate) === 0 &&
      (i % 16 > 0 || libc.close(duplicate) === -EBADF)
    );
  });

  hot(
    'setsockopt of the low-water mark and of the reset',
    (i) => libc.setLowWater(far, 1 + (i % 512) * 1024) === 0 && libc.setResetOnClose(far, i % 2 === 0) === 0,
  );

  hot(
    'a pipe, its size, and close',
    () => {
      const ends = libc.pipe();
      if (typeof ends === 'number') return false;
      return libc.resizePipe(ends.in, 65_536) === 65_536 && libc.close(ends.in) === 0 && libc.close(ends.out) === 0;
    },
    CALLS / 4,
  );

  hot('an epoll descriptor', () => {
    const fd = libc.epollCreate();
    return fd > 2 && libc.close(fd) === 0;
  });

  hot('an event descriptor', () => {
    const fd = libc.eventDescriptor();
    return fd > 2 && libc.close(fd) === 0;
  });

  hot('epoll_ctl and epoll_wait with an event', (i) => {
    const one = Buffer.alloc(8);
    one[0] = 1;
    if (i % 8 === 0) writeSync(event, one);
    else if (i % 8 === 7) libc.clearEvent(event);
    epoll.addReadable(event, i + 2 ** 40);
    let seen = -1;
    const ready = (tag: number): void => {
      seen = tag;
    };
    epoll.wait(0, { ready });
    epoll.remove(event);
    return seen === (i % 8 === 7 ? -1 : i + 2 ** 40);
  });
});
