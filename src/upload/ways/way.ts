/**
 * The interface of a way to move the bytes of one object from the client to the store. A way first judges the plan of an
 * upload, from its headers only. The way that suits then reads the body and sends it. test/contract/ways holds for all.
 */
import type { BodyPlan } from '../../body/body-plan.ts';
import type { Authorized, Reply } from '../../domain/stages.ts';
import type { WayName, WayReason } from '../../domain/upload-way.ts';
import type { UploadBucket, UploadScope } from '../handler.ts';

/** An authorized upload whose body has not been read. */
export interface ObjectUpload {
  readonly request: Authorized<UploadBucket>;
  readonly plan: BodyPlan;
  /** Headers of the request to the store; the way adds its own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly scope: UploadScope;
}

export interface Judgement {
  readonly suits: boolean;
  /** Undefined where the way that is judged before or after this one tells more. */
  readonly reason: WayReason | undefined;
}

export interface Way {
  readonly name: WayName;
  /** Reads no byte and holds nothing. */
  judge(upload: ObjectUpload): Judgement;
  /**
   * Moves an object that suits.
   * @throws Failure for every outcome but success; the store then has neither the object nor parts of it.
   */
  send(upload: ObjectUpload): Promise<Reply>;
}

export const suits = (reason: WayReason): Judgement => ({ suits: true, reason });
/** @param reason undefined where it follows from the size, which the reason of the next way implies. */
export const refuses = (reason?: WayReason): Judgement => ({ suits: false, reason });
