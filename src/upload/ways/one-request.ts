/** An object in one request to the store, from a body that is in memory or streams. */
import { type OutgoingBody, streamOf } from '../../body/outgoing-body.ts';
import { callerOf } from '../../domain/caller.ts';
import { asFailure, withOutcome } from '../../domain/failure.ts';
import type { Reply } from '../../domain/stages.ts';
import type { Place } from '../../s3/store-line.ts';
import { respondedTooEarly } from '../../s3/transport-failure.ts';
import { replyOf } from '../handler.ts';
import type { ObjectUpload } from './way.ts';

export interface Sending {
  readonly body: OutgoingBody;
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
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
  { body, payloadHash, headers }: Sending,
  place: Place,
): Promise<Reply> {
  const { incoming, bucket, operation, key, storeQuery: query } = request;
  const stream = streamOf(body);
  const response = scope.transfer.wait('store');
  let isSent = stream === undefined;
  // The store's turn begins when the last byte has been handed over.
  stream?.once('end', () => {
    isSent = true;
    response.start();
  });
  const caller = callerOf(request);
  const { signal } = incoming;
  const waits = { wait: scope.transfer.wait('connection'), ...(stream === undefined && { attemptWait: response }) };
  const call = { operation, caller, place, key, query, headers, body, payloadHash, signal, span: scope.span };
  try {
    const reply = replyOf(await bucket.store.call({ ...call, ...waits, settles: 'fully' }));
    if (!isSent) throw respondedTooEarly();
    return reply;
  } catch (thrown) {
    const failure = asFailure(thrown);
    // Without its last byte, an object is not stored, unless the store is wrong.
    const isKnown = !isSent && failure.type !== 'store_invalid_answer';
    throw isKnown ? withOutcome(failure, 'not_stored') : failure;
  } finally {
    stream?.destroy(); // after a failure it has no reader
    response.stop();
  }
}
