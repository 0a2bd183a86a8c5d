/**
 * Large objects that pass as they are, framing included, and that the gateway verifies: a thread reads and sends them, and withholds the
 * last piece until everything is verified.
 */
import type { BodyPlan } from '../../body/body-plan.ts';
import { framedHeaders } from '../../body/reframed-stream.ts';
import { canMove, type MoveOptions, moveBody } from './move-body.ts';
import { suits, type Way } from './way.ts';

export function createPumped(options: MoveOptions): Way {
  return {
    name: 'pumped',
    judge(upload) {
      return canMove(upload, options, passesAsItIs(upload.plan)) ?? suits('verified_on_the_way');
    },
    send(upload) {
      const { plan, request, headers } = upload;
      const { kind, length: objectLength, most, promises, trailer, framing, sent } = plan;
      const verified = { kind, length: objectLength, most, promises, trailer, isFramed: framing !== undefined };
      const length = request.incoming.body.length!;
      const sending =
        framing === undefined
          ? { payloadHash: plan.payloadHash, headers }
          : { payloadHash: FRAMED, headers: framedHeaders(headers, objectLength!, sent) };
      return moveBody(upload, options, { plan: verified, length, ...sending });
    },
  };
}

/** Whether the store gets the bytes of the client's body, framing included, and every promise can be verified on the way. */
function passesAsItIs({ framing, trailer, sent, signed, judgeLength }: BodyPlan): boolean {
  if (signed || judgeLength !== undefined || framing?.signatures !== undefined) return false;
  return framing === undefined ? sent === undefined : sent !== undefined && sent === trailer;
}

/** Amazon S3 API Reference, "Transferring payload in multiple chunks (chunked upload)". */
const FRAMED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
