/** The main thread's end of one pump thread: its transfers, their figures in shared memory, and what happens if the thread dies. */
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads';
import type { Filling, Moved, Movement } from '../domain/body-pump.ts';
import type { ChecksumName } from '../domain/checksums.ts';
import { Failure, withOutcome } from '../domain/failure.ts';
import type { Pace } from '../domain/pace.ts';
import { descriptorOf } from '../kernel/descriptor.ts';
import type { Libc } from '../kernel/libc.ts';
import { failureOf } from './failure-message.ts';
import { Figures, LiveFigures, SHARED_BYTES, SLOTS } from './figures.ts';
import { ThreadFilling } from './filling.ts';
import type { Command, EndReport, Report, ThreadData } from './messages.ts';
import { OWNED_BYTES, OwnedDescriptors } from './owned-descriptors.ts';
import { isReframed, type VerifiedPlan } from './verifier.ts';

/** Megabytes of heap: buffers are outside of it. */
const HEAP = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

/** What moves, and how slow both sides may be. */
export interface PumpTask {
  /** Read before. Sent ahead by the caller, unless the framing of the body changes, and verified with the rest. */
  readonly first: Buffer;
  /** Bytes to move. */
  readonly left: number;
  /** The promises to verify on the way; undefined for a body that the kernel may move. */
  readonly plan: VerifiedPlan | undefined;
  readonly pace: Pace;
  readonly stallMillis: number;
}

/** A body that goes into memory. */
export interface FillTask extends Omit<PumpTask, 'plan' | 'stallMillis'> {
  readonly plan: VerifiedPlan;
  /** The checksum of each of its parts. */
  readonly partChecksum: ChecksumName | undefined;
}

/** A place for one transfer, whose descriptors are there. */
export interface Reservation {
  begin(store: Socket, task: PumpTask): Movement;
  /** In place of `begin`. The caller has `first` in memory. */
  fill(task: FillTask): Filling;
  /** Without effect after `begin` or `fill`. */
  release(): void;
}

interface Running {
  readonly figures: Figures;
  /** Duplicates, which only the thread closes while it lives. */
  readonly descriptors: readonly number[];
  readonly task: Pick<PumpTask, 'first' | 'left' | 'plan'>;
  /** Of a body that goes into memory. */
  filling: ThreadFilling | undefined;
  /** The failure of an abort. */
  abortion: Failure | undefined;
  /** @param report undefined if the thread did not report the end. */
  end(moved: Moved, report?: EndReport): void;
}

export class PumpThread {
  readonly #libc: Libc;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #shared: Float64Array;
  readonly #owned: OwnedDescriptors;
  readonly #free = Array.from({ length: SLOTS }, (_, i) => SLOTS - 1 - i);
  readonly #running = new Map<number, Running>();
  /** Wakes the thread while it waits for connections. The thread does not close it. */
  readonly #wake: number;
  #ids = 0;
  /** Whether the thread takes no more transfers. */
  #isDead = false;
  #hasEnded = false;

  private constructor(libc: Libc, worker: Worker, port: MessagePort, { shared, wake, owned }: ThreadData) {
    this.#libc = libc;
    this.#worker = worker;
    this.#port = port;
    this.#shared = new Float64Array(shared);
    this.#wake = wake;
    this.#owned = new OwnedDescriptors(owned);
  }

  /** @param died is called once, with the error if there is one, unless the thread is stopped. @throws Error if it cannot start. */
  static async start(libc: Libc, program: URL, died: (error: Error | undefined) => void): Promise<PumpThread> {
    const { port1, port2 } = new MessageChannel();
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    const wake = libc.eventDescriptor();
    if (wake < 0) throw new Error('no descriptor is free to wake the pump thread');
    const clockOffset = Number(process.hrtime.bigint()) / 1e6 - performance.now();
    const owned = new SharedArrayBuffer(OWNED_BYTES);
    const workerData: ThreadData = { port: port2, shared, wake, owned, clockOffset };
    const options = { workerData, transferList: [port2], name: 'body pump', execArgv: [], resourceLimits: HEAP };
    const worker = startWorker(program, options, () => {
      port1.close();
      libc.close(wake);
    });
    const thread = new PumpThread(libc, worker, port1, workerData);
    const { promise: started, resolve, reject } = Promise.withResolvers<void>();
    let error: Error | undefined;
    worker.on('error', (thrown: Error) => {
      error = thrown;
    });
    worker.once('exit', () => {
      reject(error ?? new Error('the pump thread ended at its start'));
      if (thread.#ended()) died(error);
    });
    port1.once('message', resolve);
    await started;
    port1.on('message', (report: Report) => thread.#reported(report));
    port1.unref();
    worker.unref();
    return thread;
  }

  get isAlive(): boolean {
    return !this.#isDead;
  }

  /** Transfers under way, reserved ones included. */
  get transfers(): number {
    return SLOTS - this.#free.length;
  }

  /** Undefined if no descriptor or no place is free. */
  reserve(client: Socket): Reservation | undefined {
    const fd = descriptorOf(client);
    const slot = fd === undefined || this.#isDead ? undefined : this.#free.pop();
    if (slot === undefined) return undefined;
    // The second one is a place for the store's connection, which may not exist yet.
    const descriptors = [this.#libc.duplicate(fd!), this.#libc.duplicate(fd!)];
    const release = (): void => {
      for (const each of descriptors.splice(0)) if (each >= 0) this.#libc.close(each);
      this.#free.push(slot);
    };
    if (descriptors.some((each) => each < 0)) {
      release();
      return undefined;
    }
    let isHeld = true;
    return {
      begin: (store, task) => {
        isHeld = false;
        return this.#begin(slot, descriptors, store, task);
      },
      fill: (task) => {
        isHeld = false;
        return this.#fill(slot, descriptors, task);
      },
      release: () => {
        if (isHeld) release();
        isHeld = false;
      },
    };
  }

  /** Ends all transfers, and the thread. */
  async stop(): Promise<void> {
    if (this.#isDead) return;
    this.#isDead = true;
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.ref();
    this.#send({ kind: 'stop' });
    await ended;
  }

  #begin(slot: number, descriptors: readonly number[], store: Socket, task: PumpTask): Movement {
    const [client, place] = descriptors as [number, number];
    const fd = descriptorOf(store);
    const { id, live, done } = this.#run(slot, descriptors, task);
    if (fd === undefined || this.#libc.duplicateOnto(fd, place) < 0) this.#fail(id, new Failure('store_reset'));
    else if (this.#isDead) this.#fail(id, threadDied());
    else {
      const { first, left, plan, pace, stallMillis } = task;
      const isAhead = aheadLength(task) > 0;
      // Copies, because a message copies the whole memory of a view.
      const ahead = isAhead ? new Uint8Array(first) : NOTHING;
      const verified = plan === undefined || isAhead ? NOTHING : new Uint8Array(first);
      const sent = { id, slot, client, store: place, bytes: ahead.length + left, ahead, plan, first: verified };
      this.#send({ kind: 'begin', task: { ...sent, ...pace, stallMillis } });
    }
    return { figures: live, done, abort: (failure) => this.#abort(id, failure) };
  }

  #fill(slot: number, [client, place]: readonly number[], task: FillTask): Filling {
    this.#libc.close(place!);
    const { id, live } = this.#run(slot, [client!], task);
    const abort = (failure: Failure): void => this.#abort(id, failure);
    const send = (command: Command): void => this.#send(command);
    const filling = new ThreadFilling({ id, libc: this.#libc, figures: live, send, abort });
    this.#running.get(id)!.filling = filling;
    if (this.#isDead) this.#fail(id, threadDied());
    else {
      const { left, plan, pace, partChecksum } = task;
      const first = new Uint8Array(task.first);
      const sent = {
        id,
        slot,
        client: client!,
        store: undefined,
        bytes: left,
        ahead: NOTHING,
        plan,
        first,
        partChecksum,
      };
      this.#send({ kind: 'begin', task: { ...sent, ...pace, stallMillis: 0 } });
    }
    return filling;
  }

  #run(slot: number, descriptors: readonly number[], task: Running['task']) {
    const id = ++this.#ids;
    const figures = new Figures(this.#shared, slot);
    figures.clear();
    const { promise: done, resolve } = Promise.withResolvers<Moved>();
    const live = new LiveFigures(figures);
    const end = (moved: Moved, report?: EndReport): void => {
      live.freeze();
      const { filling } = this.#running.get(id)!;
      this.#running.delete(id);
      this.#free.push(slot);
      if (this.#running.size === 0) this.#port.unref();
      filling?.ended(moved, report);
      resolve(moved);
    };
    this.#running.set(id, { figures, descriptors, task, filling: undefined, abortion: undefined, end });
    this.#port.ref();
    return { id, live, done };
  }

  #abort(id: number, failure: Failure): void {
    const running = this.#running.get(id);
    if (running === undefined || running.abortion !== undefined) return;
    running.abortion = failure;
    this.#send({ kind: 'abort', id });
  }

  #send(command: Command): void {
    this.#port.postMessage(command);
    if (!this.#hasEnded) writeSync(this.#wake, ONE);
  }

  #reported(report: Report): void {
    const running = this.#running.get(report.id);
    if (running === undefined) return;
    if (report.kind !== 'end') return void running.filling?.reported(report);
    const { failure, sent, spliced, waitedFor } = report;
    const { task, abortion, figures, end } = running;
    const cause = failure === 'aborted' ? abortion : failure && failureOf(failure);
    const read = Math.max(0, report.read - aheadLength(task));
    // Bytes that were read with the headers came into the process.
    const isWhole = task.first.length === 0;
    end({ failure: cause, read, sent, lastSentAt: figures.lastSentAt, waitedFor, spliced: spliced && isWhole }, report);
  }

  /** Before the thread has the descriptors, or after its death. */
  #fail(id: number, failure: Failure): void {
    const { figures, descriptors, task, end } = this.#running.get(id)!;
    if (!figures.isOver) for (const each of descriptors) this.#takeBack(each);
    figures.stopWaiting();
    const { read, sent, lastSentAt } = figures;
    const ahead = aheadLength(task);
    // Bytes are counted as read before any of them is sent.
    const outcome = read < task.left + ahead ? 'not_stored' : 'unknown';
    const ofConnection = Math.max(0, read - ahead);
    end({
      failure: withOutcome(failure, outcome),
      read: ofConnection,
      sent,
      lastSentAt,
      waitedFor: undefined,
      spliced: false,
    });
  }

  /** node:http reads the connection again, from its first byte on. */
  #takeBack(duplicate: number): void {
    this.#libc.setLowWater(duplicate, 1);
    this.#libc.close(duplicate);
  }

  /** @returns whether it ended without a stop. */
  #ended(): boolean {
    const wasAlive = !this.#isDead;
    this.#isDead = this.#hasEnded = true;
    for (let last = receiveMessageOnPort(this.#port); last !== undefined; last = receiveMessageOnPort(this.#port))
      this.#reported(last.message as Report);
    for (const id of [...this.#running.keys()]) this.#fail(id, threadDied());
    for (const fd of this.#owned.all) this.#libc.close(fd);
    this.#port.close();
    this.#libc.close(this.#wake);
    return wasAlive;
  }
}

/** @param undo is called if it cannot start. @throws Error ERR_WORKER_INIT_FAILED, ERR_WORKER_OUT_OF_MEMORY … */
function startWorker(program: URL, options: WorkerOptions, undo: () => void): Worker {
  try {
    return new Worker(program, options);
  } catch (error) {
    undo();
    throw error;
  }
}

const NOTHING = new Uint8Array(0);

/** The thread itself sends the first bytes of a body whose framing changes. */
const aheadLength = ({ plan, first }: Running['task']): number =>
  plan !== undefined && isReframed(plan) ? first.length : 0;

/** The reason of the failure of a transfer whose thread died. */
export const THREAD_DIED = 'pump_thread_died';

const threadDied = (): Failure => new Failure('internal_error', undefined, { reason: THREAD_DIED });
