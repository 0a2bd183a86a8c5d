/** An object in one request to the store, from a body that is in memory or streams. */
import { type OutgoingBody, streamOf } from '../../body/outgoing-body.ts';
import type { MovedBody } from '../../domain/body-pump.ts';
import { callerOf } from '../../domain/caller.ts';
import { asFailure, withOutcome } from '../../domain/failure.ts';
import type { Reply } from '../../domain/stages.ts';
import { THREAD_DIED } from '../../pump/pump-thread.ts';
import type { StoreCall } from '../../s3/store-call.ts';
import type { Place } from '../../s3/store-line.ts';
import { respondedTooEarly } from '../../s3/transport-failure.ts';
import { replyOf } from '../handler.ts';
import type { ObjectUpload } from './way.ts';

export interface Sending {
  readonly body: OutgoingBody;
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
  /** False where the gateway leaves the promises of the client to the store; true by default. */
  readonly verifiedHere?: boolean;
}

/** Waits for a connection to the store. @throws Failure overloaded, client_aborted. */
export function enterStore({ request, scope }: ObjectUpload): Promise<Place> {
  const { incoming, bucket, key } = request;
  const wait = scope.transfer.wait('connection');
  return bucket.store.enter({ caller: callerOf(request), key, signal: incoming.signal, wait });
}

/** @throws Failure for every outcome but success. */
export async function putInOneRequest(
  { request, scope }: ObjectUpload,
  { body, payloadHash, headers, verifiedHere = true }: Sending,
  place: Place,
): Promise<Reply> {
  const { incoming, bucket, operation, key, storeQuery: query } = request;
  const stream = streamOf(body);
  const response = scope.transfer.wait('store');
  const isInMemory = body === undefined || Buffer.isBuffer(body) || 'pieces' in body;
  let isSent = isInMemory;
  // The store's turn begins when the last byte has been handed over.
  const onSent = (): void => {
    isSent = true;
    response.start();
  };
  stream?.once('end', onSent);
  const outgoing = body !== undefined && 'moved' in body ? { ...body, moved: notifying(body.moved, onSent) } : body;
  const caller = callerOf(request);
  const { signal } = incoming;
  const call: StoreCall = {
    operation,
    caller,
    place,
    key,
    query,
    headers,
    body: outgoing,
    payloadHash,
    verifiedHere,
    signal,
    settles: 'fully',
    wait: scope.transfer.wait('connection'),
    attemptWait: isInMemory ? response : undefined,
    span: scope.span,
  };
  try {
    const reply = replyOf(await bucket.store.call(call));
    if (!isSent) throw respondedTooEarly();
    return reply;
  } catch (thrown) {
    const failure = asFailure(thrown);
    // Without its last byte, an object is not stored, unless the store is wrong. A thread that died does not tell what it has sent.
    const isKnown = !isSent && failure.type !== 'store_invalid_answer' && failure.reason !== THREAD_DIED;
    throw isKnown ? withOutcome(failure, 'not_stored') : failure;
  } finally {
    stream?.destroy(); // after a failure it has no reader
    response.stop();
  }
}

/** The same body, which tells when the store's connection has accepted all of it. */
function notifying(body: MovedBody, onSent: () => void): MovedBody {
  return {
    first: body.first,
    begin(store, stallMillis) {
      const movement = body.begin(store, stallMillis);
      void movement.done.then(({ failure }) => failure === undefined && onSent());
      return movement;
    },
  };
}
