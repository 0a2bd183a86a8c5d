/**
 * Large objects that the gateway verifies: a thread reads and sends them, and withholds the last piece until everything is verified. It
 * also ends the framing of the client, and adds that for the store.
 */
import type { BodyPlan } from '../../body/body-plan.ts';
import { chunkedLength, framedHeaders } from '../../body/reframed-stream.ts';
import { isReframed, type VerifiedPlan } from '../../pump/verifier.ts';
import { canMove, type MoveOptions, type Moving, moveBody } from './move-body.ts';
import { type ObjectUpload, suits, type Way } from './way.ts';

export function createPumped(options: MoveOptions): Way {
  return {
    name: 'pumped',
    judge: (upload) => canMove(upload, options, isUnsigned(upload.plan)) ?? suits('verified_on_the_way'),
    send: (upload) => moveBody(upload, options, movingOf(upload)),
  };
}

/** Signatures over chunks are verified and made in the main thread. */
function isUnsigned({ framing, signed, judgeLength }: BodyPlan): boolean {
  return !signed && judgeLength === undefined && framing?.signatures === undefined;
}

function movingOf({ plan: whole, headers, request }: ObjectUpload): Moving {
  const { kind, most, promises, trailer, framing, sent, payloadHash } = whole;
  const length = whole.length!;
  const plan: VerifiedPlan = { kind, length, most, promises, trailer, sent, isFramed: framing !== undefined };
  if (!isReframed(plan)) return { plan, payloadHash, headers, length: request.incoming.body.length! };
  if (sent === undefined) return { plan, payloadHash, headers, length };
  return {
    plan,
    payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    headers: framedHeaders(headers, length, sent),
    length: chunkedLength(length, sent),
  };
}
