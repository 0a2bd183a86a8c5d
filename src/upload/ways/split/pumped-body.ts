/** The body of a large object that a pump writes into the memory of its parts, straight from the client's connection. */
import { performance } from 'node:perf_hooks';
import type { BodyPlan } from '../../../body/body-plan.ts';
import type { ChecksumName } from '../../../body/checksum.ts';
import type { Filled, Filling, TakenBody } from '../../../domain/body-pump.ts';
import { asFailure, type Failure } from '../../../domain/failure.ts';
import { whyUnwanted } from '../../../domain/while-wanted.ts';
import type { OpenPump } from '../../../pump/open-pump.ts';
import type { Reservation } from '../../../pump/pump-thread.ts';
import type { ObjectUpload } from '../way.ts';
import type { FillRate } from './fill-rate.ts';

/** Bytes of the body that must not have arrived with the headers. */
const LEAST_LEFT = 128 * 1024;
/** How often the rate of the client is updated, in milliseconds. */
const RATE_MILLIS = 1_000;

/** Where the bytes go. */
export interface FilledMemory {
  /** Memory for the next bytes. */
  room(): Promise<Buffer>;
  /** Bytes of it that are full. */
  filled(bytes: number): void;
  /** No more bytes will come. */
  fail(failure: Failure): void;
}

export class PumpedBody {
  readonly #upload: ObjectUpload;
  readonly #reservation: Reservation;
  readonly #taken: TakenBody;
  readonly #checksum: ChecksumName | undefined;
  #filling: Filling | undefined;

  private constructor(
    upload: ObjectUpload,
    reservation: Reservation,
    taken: TakenBody,
    checksum: ChecksumName | undefined,
  ) {
    this.#upload = upload;
    this.#reservation = reservation;
    this.#taken = taken;
    this.#checksum = checksum;
  }

  /**
   * @param checksum of each part, and of the whole.
   * @returns undefined if the body has to be streamed: nothing has been read then.
   */
  static async open(
    upload: ObjectUpload,
    pump: OpenPump | undefined,
    checksum: ChecksumName | undefined,
  ): Promise<PumpedBody | undefined> {
    const { body } = upload.request.incoming;
    if (body.connection === undefined || !isFillable(upload.plan)) return undefined;
    const reservation = pump?.reserve(body.connection);
    const taken = reservation && (await body.take(LEAST_LEFT));
    if (taken !== undefined) return new PumpedBody(upload, reservation!, taken, checksum);
    reservation?.release();
    return undefined;
  }

  /** Bytes that had arrived with the headers. */
  get first(): Buffer {
    return this.#taken.first;
  }

  /** Fills the memory with all bytes behind `first`, and verifies them. Called once. @throws Failure */
  async fill(memory: FilledMemory, rate: FillRate, signal: AbortSignal): Promise<Filled> {
    const filling = this.#begin();
    const abort = (): void => filling.abort(whyUnwanted(signal));
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    // Also while it waits for memory.
    void filling.done.then(({ failure }) => failure && memory.fail(failure));
    const endWatch = watchRate(filling, rate);
    try {
      return await fillAll(filling, memory);
    } catch (thrown) {
      filling.abort(asFailure(thrown));
      throw thrown;
    } finally {
      await filling.done;
      endWatch();
      signal.removeEventListener('abort', abort);
    }
  }

  /** The part is full. @returns its checksum. */
  async endPart(): Promise<string | undefined> {
    return this.#filling?.endPart();
  }

  /** Returns the connection to node:http, after `fill` or in place of it. */
  async close(): Promise<void> {
    this.#reservation.release();
    const filled = await this.#filling?.done;
    this.#taken.giveBack(filled?.read ?? 0);
    // node:http has not read the connection, and does not know that it has ended.
    if (filled?.failure?.type !== 'client_aborted') return;
    this.#upload.scope.span.set('upload.waited_for', filled.waitedFor ?? 'client');
    this.#taken.connection.destroy();
  }

  #begin(): Filling {
    const { plan, scope } = this.#upload;
    const { first, left } = this.#taken;
    const { kind, most, trailer, promises } = plan;
    const length = plan.length!;
    const further = this.#checksum;
    const verified = { kind, length, most, trailer, promises, sent: undefined, isFramed: false, further };
    const task = { first, left, plan: verified, partChecksum: this.#checksum, pace: scope.pace };
    if (first.length > 0) scope.transfer.firstByteAt = performance.now();
    const filling = this.#reservation.fill(task);
    void filling.done.then(scope.transfer.follow(filling.figures));
    this.#filling = filling;
    return filling;
  }
}

/** Whether the bytes of the body are those of the object. */
function isFillable({ length, framing, judgeLength }: BodyPlan): boolean {
  return length !== undefined && framing === undefined && judgeLength === undefined;
}

async function fillAll(filling: Filling, memory: FilledMemory): Promise<Filled> {
  let given = 0;
  let last = 0;
  while (await filling.wantsMemory()) {
    memory.filled(last);
    const room = await memory.room();
    last = room.length;
    given += last;
    filling.give(room);
  }
  const filled = await filling.done;
  if (filled.failure !== undefined) throw filled.failure;
  memory.filled(last - (given - filled.read));
  return filled;
}

/** Shows the rate of the client while a pump reads its bytes. @returns ends the watch. */
function watchRate({ figures }: Filling, rate: FillRate): () => void {
  let bytes = 0;
  let waited = 0;
  const look = (): void => {
    const now = { bytes: figures.bytes, waited: figures.clientWaitSeconds * 1000 };
    rate.moved(now.bytes - bytes, now.waited - waited);
    ({ bytes, waited } = now);
  };
  const timer = setInterval(look, RATE_MILLIS).unref();
  return () => clearInterval(timer);
}
