/**
 * One connection of the store: requests with Content-Length or without a body, one after the other. node:http would need three times
 * the CPU, for a new buffer for each 64 KiB, and the store would be the bottleneck of the benchmark.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';

/** Shared by all connections: the bytes are discarded. */
const BUFFER = Buffer.alloc(1024 ** 2);
/** Largest request headers, in bytes. */
const MAX_HEAD = 16 * 1024;
const HEAD_END = '\r\n\r\n';

/** @returns the response with its headers. */
export type Respond = (method: string, target: string) => string;

export class StoreConnection {
  readonly #socket: Socket;
  readonly #respond: Respond;
  #head = '';
  /** Bytes of the body that are still to come. */
  #left = 0;
  #response = '';

  /** @param accepted paused. Servers have no option for a buffer, so another socket takes over its handle. */
  constructor(accepted: Socket, respond: Respond) {
    this.#respond = respond;
    const { _handle: handle } = accepted as Socket & { readonly _handle: unknown };
    const callback = (length: number, buffer: Uint8Array): boolean => {
      this.#read(buffer.subarray(0, length) as Buffer);
      return true;
    };
    this.#socket = new Socket({ handle, onread: { buffer: BUFFER, callback } } as SocketConstructorOpts);
    this.#socket
      .setNoDelay(true)
      .on('error', () => {})
      .resume();
  }

  #read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      at += this.#left > 0 ? this.#readBody(bytes.length - at) : this.#readHead(bytes.subarray(at));
    }
  }

  /** @returns how many of these bytes belong to the body. */
  #readBody(available: number): number {
    const length = Math.min(this.#left, available);
    this.#left -= length;
    if (this.#left === 0) this.#socket.write(this.#response);
    return length;
  }

  /** @returns how many of these bytes belong to the headers. */
  #readHead(bytes: Buffer): number {
    const before = this.#head.length;
    this.#head += bytes.toString('latin1', 0, MAX_HEAD);
    const end = this.#head.indexOf(HEAD_END);
    if (end >= 0) {
      this.#begin(this.#head.slice(0, end));
      this.#head = '';
      return end + HEAD_END.length - before;
    }
    if (this.#head.length >= MAX_HEAD) throw new Error('the request headers are too large for this store');
    return bytes.length;
  }

  #begin(head: string): void {
    if (/^transfer-encoding:/im.test(head)) throw new Error('this store accepts bodies with Content-Length only');
    const [method, target] = head.split(' ', 2) as [string, string];
    this.#response = this.#respond(method, target);
    this.#left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#left === 0) this.#socket.write(this.#response);
    else if (/^expect:/im.test(head)) this.#socket.write(`HTTP/1.1 100 Continue${HEAD_END}`);
  }
}
