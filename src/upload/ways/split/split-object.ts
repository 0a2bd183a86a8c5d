/**
 * One object on its way in parts. They are filled one after the other and sent concurrently; a part that fails is sent again. An object that ends within the first part is sent in one request. Memory: part-memory.ts.
 */

import type { BodyPlan } from '../../../body/body-plan.ts';
import { CHECKSUMS, type ChecksumName } from '../../../body/checksum.ts';
import type { Checksums } from '../../../body/object-decoder.ts';
import { ObjectStream } from '../../../body/object-stream.ts';
import { abortSignalOf } from '../../../domain/cancellation.ts';
import { asFailure, Failure, withOutcome } from '../../../domain/failure.ts';
import type { Authorized, Reply } from '../../../domain/stages.ts';
import { whyUnwanted } from '../../../domain/while-wanted.ts';
import { elementOf } from '../../../s3/store-document.ts';
import { replyOf, type UploadBucket, type UploadScope } from '../../handler.ts';
import type { ObjectUpload } from '../way.ts';
import { ofOwnUpload } from './own-upload.ts';
import { Part } from './part.ts';
import type { MemoryShare } from './part-memory.ts';
import { type PartProtection, partProtection } from './part-protection.ts';
import { type PartSize, partSizeFor } from './part-size.ts';
import { PumpedBody } from './pumped-body.ts';
import { putWhole } from './put-whole.ts';
import type { SplitOptions } from './split-options.ts';
import { StoreUpload } from './store-upload.ts';
import { StoreWait } from './store-wait.ts';

export class SplitObject {
  readonly #object: ObjectUpload;
  readonly #request: Authorized<UploadBucket>;
  readonly #plan: BodyPlan;
  readonly #protection: PartProtection;
  readonly #scope: UploadScope;
  readonly #options: SplitOptions;
  /** Whether the request that makes the object was begun. Parts alone make none. */
  #mayBeStored = false;
  readonly #size: PartSize;
  readonly #share: MemoryShare;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #storeWait: StoreWait;
  readonly #underWay = new Set<Promise<void>>();
  #stream: ObjectStream | undefined;
  #pumped: PumpedBody | undefined;
  /** Of the whole object, as it arrived. */
  #checksums: Checksums = new Map();
  #part: Part | undefined;
  #upload: StoreUpload | undefined;
  #shipped = 0;
  /** The first, which is the cause of all others. */
  #failure: Failure | undefined;

  constructor(object: ObjectUpload, options: SplitOptions) {
    const { request, plan, scope } = object;
    this.#object = object;
    this.#request = request;
    this.#plan = plan;
    this.#protection = partProtection(plan, request.bucket.checksums);
    this.#scope = scope;
    this.#storeWait = new StoreWait(scope.transfer);
    this.#options = options;
    this.#size = partSizeFor(plan.most, options.partBytes);
    this.#share = options.memory.open({
      leastBytes: this.#size.leastBytes,
      client: clientOf(request),
      isCounted: plan.length !== undefined,
      refuse: (failure) => this.#fail(failure),
    });
    this.#signal = AbortSignal.any([abortSignalOf(request.incoming.signal), this.#stop.signal]);
  }

  async send(): Promise<Reply> {
    if (this.#plan.length !== undefined) this.#refuseOnlyWhole();
    const checksum = this.#protection.checksum?.checksum;
    this.#pumped = await PumpedBody.open(this.#object, this.#options.pump, checksum);
    this.#checksums = await (this.#pumped ? this.#fill(this.#pumped) : this.#readStream(checksum));
    // The body has ended, and its promises are verified.
    this.#share.rate.ends();
    const ending = this.#upload === undefined ? this.#putWhole() : this.#complete(this.#upload);
    return this.#storeWait.during(ending);
  }

  async #readStream(further: ChecksumName | undefined): Promise<Checksums> {
    const stream = await ObjectStream.open(this.#request.incoming, this.#plan, this.#scope, {
      reframed: false,
      further,
      readHere: true,
    });
    this.#stream = stream;
    this.#share.rate.waits();
    for await (const bytes of stream) {
      this.#share.rate.came(bytes.length);
      await this.#keep(bytes as Buffer);
      this.#share.rate.waits();
    }
    return stream.checksums;
  }

  async #fill(body: PumpedBody): Promise<Checksums> {
    const memory = {
      room: () => this.#room(),
      filled: (bytes: number) => this.#part?.filled(bytes),
      fail: (failure: Failure) => this.#fail(failure),
    };
    try {
      await this.#keep(body.first);
      const { checksums, partChecksum } = await body.fill(memory, this.#share.rate, this.#signal);
      if (this.#part !== undefined) this.#part.checksum = partChecksum;
      return checksums;
    } catch (thrown) {
      throw this.#failure ?? thrown;
    } finally {
      await body.close();
    }
  }

  /** @returns the cause, after all parts were removed. */
  async undo(failure: Failure): Promise<Failure> {
    this.#fail(failure);
    this.#part?.free(false);
    await Promise.all(this.#underWay);
    // A failed abortion is a separate error in the trace; the client gets the cause.
    await this.#upload?.abort().catch(() => {});
    const cause = this.#failure ?? failure;
    const shown = this.#upload === undefined ? cause : ofOwnUpload(cause);
    return withOutcome(shown, this.#mayBeStored ? cause.outcome : 'not_stored');
  }

  /** A part without a response is not the cause if the client disconnected before. */
  #causeOf(failure: Failure): Failure {
    const { signal } = this.#request.incoming;
    return signal.aborted && failure.outcome === 'unknown' ? whyUnwanted(signal) : failure;
  }

  close(): void {
    this.#options.memory.close(this.#share);
  }

  async #keep(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      this.#part ??= this.#nextPart();
      const taken = this.#part.write(at === 0 ? bytes : bytes.subarray(at));
      if (taken === 0) await this.#makeRoom(this.#part);
      at += taken;
    }
  }

  /** The largest room that there is. */
  async #room(): Promise<Buffer> {
    for (;;) {
      this.#part ??= this.#nextPart();
      const room = this.#part.room(Number.POSITIVE_INFINITY);
      if (room !== undefined) return room;
      await this.#makeRoom(this.#part);
    }
  }

  /** The part takes no more bytes at the moment. */
  #makeRoom(part: Part): Promise<void> {
    return part.isWhole ? this.#ship(part) : this.#waitForMemory(part);
  }

  #nextPart(): Part {
    return new Part(this.#options.memory, this.#share, this.#size, this.#shipped === 0);
  }

  async #waitForMemory(part: Part): Promise<void> {
    await this.#scope.transfer.during('memory', part.waitForMemory(this.#signal)).catch((thrown) => {
      throw this.#signal.aborted ? (this.#failure ?? whyUnwanted(this.#signal)) : thrown;
    });
  }

  /** Sends a part, as soon as fewer than `concurrentParts` are under way. */
  async #ship(part: Part): Promise<void> {
    if (this.#request.operation !== 'PutObject') {
      const most = `${part.length} bytes`;
      throw new Failure('missing_content_length', `A part of undeclared length may have ${most} at most.`);
    }
    this.#refuseOnlyWhole();
    this.#scope.span.set('upload.method', 'multipart');
    this.#upload ??= await this.#storeWait.during(this.#begin());
    while (this.#underWay.size >= this.#options.concurrentParts)
      await this.#storeWait.during(Promise.race(this.#underWay));
    if (this.#failure !== undefined) throw this.#failure;
    this.#part = undefined;
    part.seal();
    part.checksum ??= this.#pumped?.endPart();
    const sending = this.#upload
      .send(++this.#shipped, part, this.#signal)
      .then(
        () => part.free(true),
        (thrown) => {
          part.free(false);
          this.#fail(this.#causeOf(asFailure(thrown)));
        },
      )
      .finally(() => this.#underWay.delete(sending));
    this.#scope.span.set('upload.parts', this.#shipped);
    this.#underWay.add(sending);
  }

  #begin(): Promise<StoreUpload> {
    return StoreUpload.begin(this.#request, this.#scope, this.#storeWait, this.#protection);
  }

  async #complete(upload: StoreUpload): Promise<Reply> {
    if (this.#part !== undefined) await this.#ship(this.#part);
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#signal.aborted) throw whyUnwanted(this.#signal);
    this.#mayBeStored = true;
    const response = await upload.complete(this.#checksum);
    const etag = elementOf(response.body, 'ETag');
    if (etag === undefined) {
      throw new Failure('store_invalid_answer', 'The store did not confirm that the upload is complete.');
    }
    this.#upload = undefined; // there is nothing to undo
    const reply = replyOf(response);
    return { ...reply, headers: { ...reply.headers, etag, ...checksumHeaders(response.body) } };
  }

  async #putWhole(): Promise<Reply> {
    const part = this.#part ?? this.#nextPart();
    this.#part = part;
    part.seal();
    this.#mayBeStored = true;
    const reply = await putWhole(this.#object, part, this.#checksums, this.#signal, this.#storeWait);
    part.free(true);
    this.#part = undefined;
    return reply;
  }

  /** Of the whole object. */
  get #checksum(): string | undefined {
    const { checksum } = this.#protection;
    return checksum && this.#checksums.get(checksum.checksum);
  }

  /** Neither the gateway nor a store that never gets the whole object could verify it. */
  #refuseOnlyWhole(): void {
    const { onlyWhole } = this.#plan;
    if (onlyWhole === undefined) return;
    const message = `The object is too large for one request to the store, and its parts cannot carry ${onlyWhole}. Declare a length of at most 5 GiB (Content-Length), or send x-amz-checksum-crc64nvme instead.`;
    throw new Failure('not_implemented', message, { reason: 'checksum_only_of_whole' });
  }

  #fail(failure: Failure): void {
    this.#failure ??= failure;
    this.#stop.abort(failure);
    this.#stream?.destroy(failure);
  }
}

/** Whose upload it is, where memory is shared. */
function clientOf({ bucket, identity, incoming }: Authorized): string {
  return `${bucket.name} ${identity.subject ?? incoming.clientAddress}`;
}

/** The elements of a completion's document as the headers of the response to a PUT. */
function checksumHeaders(document: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(CHECKSUMS)) {
    const value = elementOf(document, `Checksum${name.toUpperCase()}`);
    if (value !== undefined) headers[`x-amz-checksum-${name}`] = value;
  }
  const type = elementOf(document, 'ChecksumType');
  if (type !== undefined) headers['x-amz-checksum-type'] = type;
  return headers;
}
