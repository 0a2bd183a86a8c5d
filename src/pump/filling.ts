/** The main thread's view of a body on its way into memory. It keeps the memory until the thread no longer writes there. */
import type { Filled, Filling, Moved, MovedFigures } from '../domain/body-pump.ts';
import type { Failure } from '../domain/failure.ts';
import type { Libc } from '../kernel/libc.ts';
import type { Command, EndReport, FillReport } from './messages.ts';

interface FillingParts {
  readonly id: number;
  readonly libc: Libc;
  readonly figures: MovedFigures;
  send(command: Command): void;
  abort(failure: Failure): void;
}

type Ended = Pick<EndReport, 'checksums' | 'partChecksum'>;

export class ThreadFilling implements Filling {
  readonly figures: MovedFigures;
  readonly #parts: FillingParts;
  readonly #done = Promise.withResolvers<Filled>();
  /** The block that the thread may write to: referenced, so that it is not collected. */
  readonly #memory = new Set<Buffer>();
  #wanted = Promise.withResolvers<boolean>();
  #part: PromiseWithResolvers<string | undefined> | undefined;
  #hasEnded = false;

  constructor(parts: FillingParts) {
    this.#parts = parts;
    this.figures = parts.figures;
  }

  get done(): Promise<Filled> {
    return this.#done.promise;
  }

  wantsMemory(): Promise<boolean> {
    return this.#wanted.promise;
  }

  give(memory: Buffer): void {
    if (this.#hasEnded) return;
    const { id, libc, send } = this.#parts;
    this.#memory.clear();
    this.#memory.add(memory);
    this.#wanted = Promise.withResolvers();
    send({ kind: 'give', id, address: libc.addressOf(memory), size: memory.length });
  }

  async endPart(): Promise<string | undefined> {
    if (this.#hasEnded) return undefined;
    this.#part = Promise.withResolvers();
    this.#parts.send({ kind: 'end part', id: this.#parts.id });
    return this.#part.promise;
  }

  abort(failure: Failure): void {
    this.#parts.abort(failure);
  }

  reported(report: FillReport): void {
    if (report.kind === 'part') this.#part?.resolve(report.checksum);
    else this.#wanted.resolve(true);
  }

  /** @param ended undefined if the thread died. */
  ended({ failure, read, waitedFor }: Moved, ended: Ended | undefined): void {
    this.#hasEnded = true;
    this.#memory.clear();
    const { checksums = new Map(), partChecksum } = ended ?? {};
    this.#done.resolve({ failure, read, waitedFor, checksums, partChecksum });
    this.#wanted.resolve(false);
    this.#wanted = Promise.withResolvers(); // it may have been resolved with true before
    this.#wanted.resolve(false);
    this.#part?.resolve(undefined);
  }
}
