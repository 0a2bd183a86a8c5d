/**
 * The system calls that Node.js does not offer, through its module node:ffi (experimental since Node.js 26.1: docs/decisions/body-pump.md).
 * Except for the address of errno and `memoryAt` they are system calls only, so a wrong address is EFAULT and not a crash. All arguments keep their
 * types from call to call, because V8 optimizes for them.
 */
import type * as Ffi from 'node:ffi';
import { getSystemErrorName } from 'node:util';

const DEFINITIONS = {
  splice: { arguments: ['int32', 'pointer', 'int32', 'pointer', 'uint64', 'uint32'], return: 'int64' },
  read: { arguments: ['int32', 'pointer', 'uint64'], return: 'int64' },
  recv: { arguments: ['int32', 'pointer', 'uint64', 'int32'], return: 'int64' },
  send: { arguments: ['int32', 'pointer', 'uint64', 'int32'], return: 'int64' },
  close: { arguments: ['int32'], return: 'int32' },
  fcntl: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  dup3: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  ioctl: { arguments: ['int32', 'uint64', 'buffer'], return: 'int32' },
  pipe2: { arguments: ['buffer', 'int32'], return: 'int32' },
  epoll_create1: { arguments: ['int32'], return: 'int32' },
  epoll_ctl: { arguments: ['int32', 'int32', 'int32', 'buffer'], return: 'int32' },
  epoll_wait: { arguments: ['int32', 'buffer', 'int32', 'int32'], return: 'int32' },
  eventfd: { arguments: ['uint32', 'int32'], return: 'int32' },
  setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
  __errno_location: { arguments: [], return: 'pointer' },
} as const;

type Functions = ReturnType<typeof Ffi.dlopen<typeof DEFINITIONS>>['functions'];

/** Error numbers of Linux, which are the same on every architecture that Node.js runs on (errno(3)). */
export const EPERM = 1;
export const EAGAIN = 11;
export const EINVAL = 22;
export const ENFILE = 23;
export const ENOSYS = 38;
const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const FIONREAD = 0x541bn;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const SO_RCVLOWAT = 18;
const MSG_NOSIGNAL = 0x4000;
const MSG_MORE = 0x8000;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const SPLICE_F_MORE = 4;
const NO_OFFSET = 0n;

/** A buffer that stays at its address: not one of the small ones in the pool of node:buffer. */
export interface FixedBuffer {
  readonly bytes: Buffer;
  readonly address: bigint;
}

/** Calls return a number of bytes, a descriptor or 0, or the negative error number (errno(3)). For the thread that opened it. */
export class Libc {
  readonly #functions: Functions;
  readonly #ffi: typeof Ffi;
  readonly #errno: bigint;
  readonly #four = Buffer.alloc(4);
  readonly #eight = Buffer.alloc(8);
  readonly #eightAt: bigint;

  private constructor(ffi: typeof Ffi) {
    this.#ffi = ffi;
    this.#functions = ffi.dlopen(null, DEFINITIONS).functions;
    this.#eightAt = ffi.getRawPointer(this.#eight);
    this.#errno = this.#functions.__errno_location();
  }

  /** @throws Error with the reason why it is unavailable: another system than Linux, no node:ffi, or no permission for it. */
  static open(): Libc {
    if (process.platform !== 'linux') throw new Error(`needs Linux, and this is ${process.platform}`);
    const ffi = loadFfi();
    if (ffi === undefined) throw new Error(`needs the module node:ffi, which Node.js ${process.version} does not have`);
    return new Libc(ffi);
  }

  /** Of a buffer that the caller keeps for as long as the address is used. */
  fixed(size: number): FixedBuffer {
    const bytes = Buffer.allocUnsafeSlow(size);
    return { bytes, address: this.addressOf(bytes) };
  }

  /** Of a buffer that the caller keeps for as long as the address is used. */
  addressOf(bytes: Buffer): bigint {
    return this.#ffi.getRawPointer(bytes);
  }

  /** The memory at an address, which another thread keeps for as long as the result is used. */
  memoryAt(address: bigint, size: number): FixedBuffer {
    return { bytes: this.#ffi.toBuffer(address, size, false), address };
  }

  /** Moves bytes between a pipe and a connection without blocking. @param more whether more bytes follow at once. */
  splice(from: number, to: number, bytes: number, more: boolean): number {
    const flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0);
    return this.#count(this.#functions.splice(from, NO_OFFSET, to, NO_OFFSET, BigInt(bytes), flags));
  }

  receive(fd: number, address: bigint, bytes: number): number {
    return this.#count(this.#functions.recv(fd, address, BigInt(bytes), 0));
  }

  /** @param more whether more bytes follow at once. */
  send(fd: number, address: bigint, bytes: number, more: boolean): number {
    return this.#count(this.#functions.send(fd, address, BigInt(bytes), MSG_NOSIGNAL | (more ? MSG_MORE : 0)));
  }

  close(fd: number): number {
    return this.#checked(this.#functions.close(fd));
  }

  /** A second descriptor of the same open file. */
  duplicate(fd: number): number {
    return this.#checked(this.#functions.fcntl(fd, F_DUPFD_CLOEXEC, 3));
  }

  /** Makes `target` a descriptor of the open file of `fd`; the file that it had is closed (dup3(2)). */
  duplicateOnto(fd: number, target: number): number {
    return this.#checked(this.#functions.dup3(fd, target, CLOEXEC));
  }

  /** @returns the ends of a new pipe, or the negative error number. */
  pipe(): { readonly out: number; readonly in: number } | number {
    const result = this.#checked(this.#functions.pipe2(this.#eight, CLOEXEC | NONBLOCK));
    return result < 0 ? result : { out: this.#eight.readInt32LE(0), in: this.#eight.readInt32LE(4) };
  }

  /** Changes the size of a pipe to a number of bytes; the system may refuse it. @returns the size that it has. */
  resizePipe(fd: number, bytes: number): number {
    this.#functions.fcntl(fd, F_SETPIPE_SZ, bytes);
    return this.#checked(this.#functions.fcntl(fd, F_GETPIPE_SZ, 0));
  }

  /** Bytes that can be read from a connection at once. */
  pending(fd: number): number {
    const result = this.#checked(this.#functions.ioctl(fd, FIONREAD, this.#four));
    return result < 0 ? result : this.#four.readInt32LE();
  }

  /** The number of bytes from which on a connection is readable. */
  setLowWater(fd: number, bytes: number): number {
    this.#four.writeInt32LE(bytes);
    return this.#checked(this.#functions.setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, this.#four, 4));
  }

  /** Whether the last close of a connection resets it, also the one at the end of the process (SO_LINGER with a time of 0: socket(7)). */
  setResetOnClose(fd: number, on: boolean): number {
    this.#eight.writeInt32LE(on ? 1 : 0, 0);
    this.#eight.writeInt32LE(0, 4);
    return this.#checked(this.#functions.setsockopt(fd, SOL_SOCKET, SO_LINGER, this.#eight, 8));
  }

  epollCreate(): number {
    return this.#checked(this.#functions.epoll_create1(CLOEXEC));
  }

  epollControl(epoll: number, operation: number, fd: number, event: Buffer): number {
    return this.#checked(this.#functions.epoll_ctl(epoll, operation, fd, event));
  }

  epollWait(epoll: number, events: Buffer, most: number, millis: number): number {
    return this.#checked(this.#functions.epoll_wait(epoll, events, most, millis));
  }

  /** A descriptor that another thread makes readable by writing eight bytes (eventfd(2)). */
  eventDescriptor(): number {
    return this.#checked(this.#functions.eventfd(0, CLOEXEC | NONBLOCK));
  }

  clearEvent(fd: number): void {
    this.#functions.read(fd, this.#eightAt, 8n);
  }

  #count(result: bigint): number {
    return this.#checked(Number(result));
  }

  /** errno is read by a second call. Node.js itself makes none in between on this thread, but its garbage collector may. */
  #checked(result: number): number {
    if (result >= 0) return result;
    return -(this.#ffi.getInt32(this.#errno) || EAGAIN);
  }
}

/** The name of an error, such as `EPIPE`. @param result negative error number. */
export const errorName = (result: number): string => getSystemErrorName(result);

/** Without its warning that it is experimental: the reader of a log cannot change that. */
function loadFfi(): typeof Ffi | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:ffi') as typeof Ffi | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}
