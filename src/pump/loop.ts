/** The loop of a pump thread: waits for connections to become ready, and gives each transfer its turns. */
import { asFailure, Failure } from '../domain/failure.ts';
import { Epoll, type EventTaker } from '../kernel/epoll.ts';
import type { Libc } from '../kernel/libc.ts';
import { PipePool } from '../kernel/pipe-pool.ts';
import { messageOf } from './failure-message.ts';
import { Figures } from './figures.ts';
import type { Command, Report, TransferTask } from './messages.ts';
import { BufferPool } from './movers/buffer-pool.ts';
import { CopyMover } from './movers/copy.ts';
import { FillMover } from './movers/fill.ts';
import type { Mover } from './movers/mover.ts';
import { ReframeMover } from './movers/reframe.ts';
import { SpliceMover } from './movers/splice.ts';
import type { OwnedDescriptors } from './owned-descriptors.ts';
import { PartChecksum } from './part-checksum.ts';
import { Transfer } from './transfer.ts';
import { isReframed, Verifier } from './verifier.ts';

/** Milliseconds of the longest sleep while there are transfers: how late a stall is noticed, and how late the end of the process. */
const TICK_MILLIS = 100;
/** The tag of the descriptor that other threads wake this one with. Connections have even and odd tags from 2 on. */
const WAKE = 0;

export interface LoopParts {
  readonly libc: Libc;
  readonly shared: Float64Array;
  readonly wake: number;
  readonly owned: OwnedDescriptors;
  now(): number;
  /** The next command that has arrived. */
  receive(): Command | undefined;
  report(report: Report): void;
}

export class PumpLoop implements EventTaker {
  readonly #parts: LoopParts;
  readonly #epoll: Epoll;
  readonly #pipes: PipePool;
  readonly #buffers: BufferPool;
  readonly #transfers = new Map<number, Transfer>();
  /** Of transfers into memory. */
  readonly #fills = new Map<number, FillMover>();
  /** Transfers that may have something to do. */
  #ready: Transfer[] = [];
  #hasCommands = false;
  #isStopped = false;

  constructor(parts: LoopParts) {
    const { libc } = parts;
    this.#parts = parts;
    this.#epoll = new Epoll(libc);
    parts.owned.add(this.#epoll.fd);
    this.#pipes = new PipePool(libc, parts.owned);
    this.#buffers = new BufferPool(libc);
    this.#epoll.addReadable(parts.wake, WAKE);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Runs as long as there are commands or transfers. Without any, the thread waits in the event loop of Node.js. */
  async run(): Promise<void> {
    const { now } = this.#parts;
    let ticked = now();
    await this.#takeCommands();
    while (this.#transfers.size > 0) {
      this.#epoll.wait(this.#ready.length > 0 ? 0 : TICK_MILLIS, this);
      if (this.#hasCommands) await this.#takeCommands();
      const at = now();
      if (at - ticked >= TICK_MILLIS) {
        this.#tick();
        ticked = at;
      }
      const round = this.#ready;
      this.#ready = [];
      for (const transfer of round) this.#turn(transfer);
    }
  }

  async #take(command: Command): Promise<void> {
    if (command.kind === 'begin') await this.#begin(command.task);
    else if (command.kind === 'stop') this.#stop();
    else if (command.kind === 'give') this.#give(command.id, command.address, command.size);
    else if (command.kind === 'end part') await this.#endPart(command.id);
    else this.#end(this.#transfers.get(command.id), 'aborted');
  }

  /** Closes what the thread owns. */
  close(): void {
    this.#pipes.close();
    this.#parts.owned.remove(this.#epoll.fd);
    this.#epoll.close();
  }

  async #takeCommands(): Promise<void> {
    this.#hasCommands = false;
    for (let command = this.#parts.receive(); command !== undefined; command = this.#parts.receive())
      await this.#take(command);
  }

  async #begin(task: TransferTask): Promise<void> {
    const { client, store, id } = task;
    let transfer: Transfer | undefined;
    try {
      transfer = await this.#open(task);
      this.#transfers.set(id, transfer);
      this.#epoll.addReadable(client, id * 2);
      if (store !== undefined) this.#epoll.addWritable(store, id * 2 + 1);
      transfer.begin();
      if (transfer.isOver) this.#finish(transfer);
      else this.#queue(transfer);
    } catch (thrown) {
      const failure = asFailure(thrown);
      transfer?.end(failure);
      this.#close(
        task,
        transfer ?? { failure, read: 0, sent: 0, spliced: false, waitedFor: undefined, checksums: undefined },
      );
    }
  }

  async #open(task: TransferTask): Promise<Transfer> {
    const { libc, shared, now } = this.#parts;
    const { client, store, plan, ahead } = task;
    const parts = { libc, figures: new Figures(shared, task.slot), copy: () => this.#copyMover(task), now };
    if (plan === undefined)
      return new Transfer(task, new SpliceMover(libc, this.#pipes, client, store!), undefined, parts);
    if (store === undefined) return new Transfer(task, await this.#fillMover(task), await Verifier.create(plan), parts);
    if (!isReframed(plan)) return new Transfer(task, this.#copyMover(task), await Verifier.create(plan), parts);
    const bytes = Buffer.from(ahead.buffer, ahead.byteOffset, ahead.byteLength);
    const mover = new ReframeMover(libc, this.#buffers, client, store, bytes);
    return new Transfer(task, mover, await Verifier.create(plan, (piece) => mover.add(piece)), parts);
  }

  #copyMover({ client, store }: TransferTask): Mover {
    return new CopyMover(this.#parts.libc, this.#buffers, client, store!);
  }

  async #fillMover({ id, client, first, partChecksum }: TransferTask): Promise<Mover> {
    const { libc, report } = this.#parts;
    const checksum = await PartChecksum.create(partChecksum, first);
    const fill = new FillMover(libc, client, checksum, () => report({ kind: 'wants memory', id }));
    this.#fills.set(id, fill);
    return fill;
  }

  #give(id: number, address: bigint, size: number): void {
    const transfer = this.#transfers.get(id);
    if (transfer === undefined) return;
    this.#fills.get(id)!.give(address, size);
    this.#queue(transfer);
  }

  async #endPart(id: number): Promise<void> {
    const fill = this.#fills.get(id);
    if (fill !== undefined) this.#parts.report({ kind: 'part', id, checksum: await fill.checksum.end() });
  }

  #stop(): void {
    this.#isStopped = true;
    for (const transfer of [...this.#transfers.values()]) this.#end(transfer, new Failure('shutting_down'));
  }

  ready(tag: number, isClosed: boolean, isReset: boolean): void {
    const transfer = this.#transfers.get(Math.floor(tag / 2));
    if (tag === WAKE) this.#woken();
    if (transfer === undefined) return; // it ended in this round
    if (tag % 2 === 1) {
      if (transfer.waitsForStore) this.#queue(transfer);
    } else if (transfer.missing > 0 && (isReset || (isClosed && this.#isShort(transfer)))) {
      transfer.clientGone();
      this.#finish(transfer);
    } else if (!transfer.waitsForStore) this.#queue(transfer);
  }

  #queue(transfer: Transfer): void {
    if (transfer.isQueued) return;
    transfer.isQueued = true;
    this.#ready.push(transfer);
  }

  #woken(): void {
    const { libc, wake } = this.#parts;
    libc.clearEvent(wake);
    this.#hasCommands = true;
  }

  /** The client sends no more, and what has arrived is not enough. */
  #isShort({ task, missing }: Transfer): boolean {
    return this.#parts.libc.pending(task.client) < missing;
  }

  #tick(): void {
    for (const transfer of this.#transfers.values()) {
      transfer.tick();
      if (transfer.isOver) this.#finish(transfer);
      else if (!transfer.waitsForStore && this.#parts.libc.pending(transfer.task.client) > 0) this.#queue(transfer);
    }
  }

  /** A defect ends one transfer, not the thread with all the others. */
  #turn(transfer: Transfer): void {
    transfer.isQueued = false;
    if (transfer.isOver) return;
    try {
      if (transfer.turn()) this.#queue(transfer);
    } catch (thrown) {
      transfer.end(asFailure(thrown));
    }
    if (transfer.isOver) this.#finish(transfer);
  }

  #end(transfer: Transfer | undefined, failure: Failure | 'aborted'): void {
    if (transfer === undefined) return;
    transfer.end(failure);
    this.#finish(transfer);
  }

  #finish(transfer: Transfer): void {
    if (this.#transfers.has(transfer.task.id)) this.#close(transfer.task, transfer);
  }

  /** Everything that the thread owns of the transfer is given back before the main thread is notified. */
  #close(task: TransferTask, { failure, read, sent, spliced, waitedFor, checksums }: Ended): void {
    const { libc, shared, report } = this.#parts;
    const { id, client, store } = task;
    this.#transfers.delete(id);
    const partChecksum = failure === undefined ? this.#fills.get(id)?.checksum.digest() : undefined;
    this.#fills.delete(id);
    this.#epoll.remove(client);
    if (store !== undefined) this.#epoll.remove(store);
    new Figures(shared, task.slot).end(); // from here on the descriptors may be others'
    libc.close(client);
    if (store !== undefined) libc.close(store);
    const cause = failure instanceof Failure ? messageOf(failure) : failure;
    report({ kind: 'end', id, failure: cause, read, sent, spliced, waitedFor, checksums, partChecksum });
  }
}

type Ended = Pick<Transfer, 'failure' | 'read' | 'sent' | 'spliced' | 'waitedFor' | 'checksums'>;
