/** What the ways with a pump share: whether it can move a body, and how it does. */
import { performance } from 'node:perf_hooks';
import type { MovedBody, Movement, TakenBody } from '../../domain/body-pump.ts';
import type { Failure } from '../../domain/failure.ts';
import type { Reply } from '../../domain/stages.ts';
import type { OpenPump } from '../../pump/open-pump.ts';
import type { PumpTask, Reservation } from '../../pump/pump-thread.ts';
import { isReframed } from '../../pump/verifier.ts';
import type { Place } from '../../s3/store-line.ts';
import { enterStore, putInOneRequest } from './one-request.ts';
import { showWay } from './show-way.ts';
import { type StreamedOptions, streamOver } from './streamed.ts';
import { type Judgement, type ObjectUpload, refuses } from './way.ts';
import { yieldWhileSlow } from './yield-connection.ts';

export interface MoveOptions extends StreamedOptions {
  /** Undefined where there is none, or it is disabled. */
  readonly pump: OpenPump | undefined;
}

const NOTHING = Buffer.alloc(0);

/** Bytes of the smallest body for which a pump pays (npm run bench -- bodies). */
const LEAST = 1024 * 1024;
/** Bytes of it that must not have arrived with the headers. */
const LEAST_LEFT = 128 * 1024;

/** @param fits whether the way suits the plan. @returns why a pump cannot move the body; undefined if it can. */
export function canMove({ request, plan }: ObjectUpload, { pump }: MoveOptions, fits: boolean): Judgement | undefined {
  const { body } = request.incoming;
  if (pump === undefined || plan.length === undefined || plan.length < LEAST) return refuses();
  if (!request.bucket.store.canMove) return refuses('store_over_tls');
  if (body.connection === undefined) return refuses('unmovable_connection');
  return fits ? undefined : refuses('signed_bytes');
}

export interface Moving {
  /** What the pump verifies. */
  readonly plan: PumpTask['plan'];
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes that the store gets, framing included. */
  readonly length: number;
}

/** A body that cannot be moved after all is streamed: nothing has been read then. @throws Failure */
export async function moveBody(upload: ObjectUpload, options: MoveOptions, moving: Moving): Promise<Reply> {
  const { request, scope } = upload;
  const { body } = request.incoming;
  const place = await enterStore(upload); // before the body is requested from the client
  const reservation = body.connection && options.pump?.reserve(body.connection);
  try {
    const taken = reservation && (await body.take(LEAST_LEFT));
    if (taken !== undefined) return await moveTaken(upload, options, moving, place, reservation!, taken);
    const isBusy = reservation === undefined && body.connection !== undefined;
    reservation?.release();
    showWay(scope, 'streamed', isBusy ? 'pump_busy' : 'not_taken');
    return await streamOver(place, upload, options.fairRate);
  } finally {
    reservation?.release();
    place.leave();
  }
}

async function moveTaken(
  upload: ObjectUpload,
  { fairRate }: MoveOptions,
  { plan, payloadHash, headers, length }: Moving,
  place: Place,
  reservation: Reservation,
  taken: TakenBody,
): Promise<Reply> {
  const { request, scope } = upload;
  const { transfer, pace, span } = scope;
  const { first, left, connection } = taken;
  const verifiedHere = plan !== undefined;
  const isSentByPump = plan !== undefined && isReframed(plan);
  if (first.length > 0) transfer.firstByteAt = performance.now();
  if (plan === undefined) transfer.received(first.length);
  let movement: Movement | undefined;
  const begin: MovedBody['begin'] = (store, stallMillis) => {
    movement = reservation.begin(store, { first, left, plan, pace, stallMillis });
    const unfollow = transfer.follow(movement.figures);
    void movement.done.then((moved) => {
      unfollow();
      span.set('upload.zero_copy', moved.spliced);
      // node:http notices from here on if the client disconnects before it gets its response.
      taken.giveBack(moved.read);
      if (moved.failure?.type !== 'client_aborted') return;
      span.set('upload.waited_for', moved.waitedFor ?? 'client');
      connection.destroy();
    });
    return movement;
  };
  const yielding = {
    get isStarving() {
      return movement?.figures.waitsFor === 'client';
    },
    destroy: (failure: Failure) => movement?.abort(failure),
  };
  const endWatch = yieldWhileSlow(yielding, transfer, request.bucket.store, fairRate);
  try {
    return await putInOneRequest(
      upload,
      { body: { moved: { first: isSentByPump ? NOTHING : first, begin }, length }, payloadHash, headers, verifiedHere },
      place,
    );
  } finally {
    endWatch();
    if (movement === undefined) taken.giveBack(0);
  }
}
