/** Readiness of many connections (epoll(7)), edge-triggered: an event tells that something has changed. */
import type { Libc } from './libc.ts';

const READABLE = 0x1;
const WRITABLE = 0x4;
const ERROR = 0x8;
const HANG_UP = 0x10;
const PEER_CLOSED = 0x2000;
const EDGE_TRIGGERED = 0x80000000;
const ADD = 1;
const DELETE = 2;
const EVENTS = 128;

/** `struct epoll_event` is packed on x86-64 only. */
const SIZE = process.arch === 'x64' ? 12 : 16;
const DATA = SIZE - 8;

export interface EventTaker {
  /**
   * @param tag as given when the descriptor was added.
   * @param isClosed whether the peer sends no more.
   * @param isReset whether the connection is reset.
   */
  ready(tag: number, isClosed: boolean, isReset: boolean): void;
}

export class Epoll {
  readonly #libc: Libc;
  readonly fd: number;
  readonly #events = Buffer.alloc(SIZE * EVENTS);
  readonly #event = Buffer.alloc(SIZE);

  /** @throws Error if no descriptor is free. */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.fd = libc.epollCreate();
    if (this.fd < 0) throw new Error('no descriptor is free for epoll');
  }

  /** @param tag a safe integer, which the events of the descriptor carry. */
  addReadable(fd: number, tag: number): void {
    this.#add(fd, READABLE | PEER_CLOSED | EDGE_TRIGGERED, tag);
  }

  addWritable(fd: number, tag: number): void {
    this.#add(fd, WRITABLE | EDGE_TRIGGERED, tag);
  }

  /** Before its descriptor is closed: the open file has others, and would stay. */
  remove(fd: number): void {
    this.#libc.epollControl(this.fd, DELETE, fd, this.#event);
  }

  /** @param millis longest wait. */
  wait(millis: number, taker: EventTaker): void {
    const count = this.#libc.epollWait(this.fd, this.#events, EVENTS, millis);
    for (let i = 0; i < count; i++) {
      const mask = this.#events.readUInt32LE(i * SIZE);
      const tag = this.#events.readDoubleLE(i * SIZE + DATA);
      taker.ready(tag, (mask & PEER_CLOSED) !== 0, (mask & (ERROR | HANG_UP)) !== 0);
    }
  }

  close(): void {
    this.#libc.close(this.fd);
  }

  #add(fd: number, mask: number, tag: number): void {
    this.#event.writeUInt32LE(mask >>> 0, 0);
    this.#event.writeDoubleLE(tag, DATA);
    const result = this.#libc.epollControl(this.fd, ADD, fd, this.#event);
    if (result < 0) throw new Error(`epoll does not accept descriptor ${fd}`);
  }
}
