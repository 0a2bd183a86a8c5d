/**
 * The order of the stages of every request. The types enforce it: `upload` accepts only the result of `authorize`. Each stage returns
 * the next form of the request, or throws the Failure that ends it.
 */

import { callerOf, unknownCallerOf } from '../domain/caller.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import { OPERATIONS, PREFLIGHT } from '../domain/operation.ts';
import type { Destination, FormDestination, Routable, Routing } from '../domain/routing.ts';
import type { SamplingHints } from '../domain/span.ts';
import {
  type Authorized,
  type Bucket,
  type ForObject,
  type Incoming,
  isForBucket,
  type Reply,
  type Resolved,
  type Routed,
} from '../domain/stages.ts';
import type { Slot } from './caller-slots.ts';
import type { RequestRecord, Settings, Stages } from './stages.ts';

export interface Gateway {
  /** Routes a request, once. Never throws: `handle` throws the refusal, so that it belongs to the span of the request. */
  route(request: Routable): RoutedHandler;
}

/** One request that has been routed. */
export interface RoutedHandler {
  readonly samplingHints: SamplingHints | undefined;
  /** The headers that browsers need in the response, whatever it is. */
  readonly corsHeaders: Reply['headers'];
  /** @param incoming the request that was routed. @throws Failure for every outcome but success. */
  handle(incoming: Incoming, record: RequestRecord): Promise<Reply>;
}

export function createGateway<B extends Bucket>(stages: Stages<B>, settings: Settings): Gateway {
  const { uploads, forms } = settings.admission;

  /** Holds a slot for a client that is not authenticated yet, until `work` is over. @throws Failure overloaded, before anything is done. */
  async function counted<T>(incoming: Incoming, work: (slot: Slot) => Promise<T>): Promise<T> {
    const slot = uploads.take(unknownCallerOf(incoming));
    return work(slot).finally(() => uploads.release(slot));
  }

  async function form(
    destination: FormDestination<B>,
    incoming: Incoming,
    record: RequestRecord,
    slot: Slot,
  ): Promise<Reply> {
    const caller = unknownCallerOf(incoming);
    const wait = record.transfer.wait('client');
    record.stage = 'form';
    const routed = await forms.read(caller, (stop) => {
      wait.start();
      return stages.routeForm(destination, incoming, stop).finally(() => wait.stop());
    });
    record.stage = 'authentication';
    record.routed = routed;
    return judged(routed, record, slot);
  }

  async function judged(routed: Routed<B>, record: RequestRecord, slot: Slot): Promise<Reply> {
    const authenticated = await stages.authenticate(routed);
    record.authMethod = authenticated.identity.method;
    record.subject = authenticated.identity.subject;
    if (isForBucket(authenticated)) return stages.answer(authenticated);
    uploads.move(slot, callerOf(authenticated));
    const resolved = stages.resolve(authenticated as ForObject<B>);
    return upload(stages, await authorized(resolved, record), record, settings);
  }

  async function authorized(request: Resolved<B>, record: RequestRecord): Promise<Authorized<B>> {
    record.stage = 'authorization';
    const wait = record.transfer.wait('policy');
    wait.start();
    try {
      return await stages.authorize(request);
    } finally {
      wait.stop();
    }
  }

  async function handle(routing: Routing<B>, incoming: Incoming, record: RequestRecord): Promise<Reply> {
    const { bucket, outcome, httpRoute, refusedOperation } = routing;
    incoming.span.set('http.route', httpRoute);
    record.httpRoute = httpRoute;
    const operation = 'form' in outcome ? 'PostObject' : refusedOperation;
    record.named = { bucket: bucket?.name, operation };
    if (outcome instanceof Failure) throw outcome;
    if ('form' in outcome) return counted(incoming, (slot) => form(outcome, incoming, record, slot));
    const routed = routedTo(outcome, incoming);
    record.routed = routed;
    if (routed.operation === PREFLIGHT) return stages.preflight(routed);
    return counted(incoming, (slot) => judged(routed, record, slot));
  }

  return {
    route(request) {
      const routing = stages.route(request);
      return {
        samplingHints: stages.samplingHints(routing, request),
        corsHeaders: stages.corsHeaders(routing, request),
        handle: (incoming, record) => handle(routing, incoming, record),
      };
    },
  };
}

function routedTo<B extends Bucket>({ request, headers }: Destination<B>, incoming: Incoming): Routed<B> {
  return { ...request, incoming: headers === incoming.headers ? incoming : { ...incoming, headers } };
}

/** Runs the operation inside its span. */
async function upload<B extends Bucket>(
  stages: Stages<B>,
  request: Authorized<B>,
  record: RequestRecord,
  settings: Settings,
): Promise<Reply> {
  const shape = OPERATIONS[request.operation];
  const stores = shape.carriesObject || request.operation === 'CompleteMultipartUpload';
  const { transfer } = record;
  record.stage = 'upload';
  const span = request.incoming.span.child('s3.upload', 'internal', {
    'mizuchi.bucket': request.bucket.name,
    's3.bucket': request.bucket.storeBucket,
    's3.key': request.key,
    's3.operation': request.operation,
    'aws.s3.upload_id': request.storeUploadId,
    'aws.s3.part_number': request.partNumber,
    'upload.method': shape.uploadMethod,
    'upload.zero_copy': shape.carriesObject ? false : undefined,
  });
  const { signal } = request.incoming;
  const onGone = (): void => span.set('upload.waited_for', transfer.waitsFor);
  signal.addEventListener('abort', onGone, { once: true });
  try {
    const reply = await stages.upload[request.operation](request, { ...settings, span, transfer });
    record.outcome = stores ? 'stored' : undefined;
    return reply;
  } catch (thrown) {
    const failure = asFailure(thrown);
    record.outcome = stores ? failure.outcome : undefined;
    span.set('error.reason', failure.reason);
    span.fail(failure.type, failure.message);
    throw failure;
  } finally {
    signal.removeEventListener('abort', onGone);
    span.set('upload.outcome', record.outcome);
    span.set('upload.received_bytes', shape.carriesObject ? transfer.bytes : undefined);
    span.set('upload.client_wait_seconds', transfer.clientWaitSeconds);
    span.set('upload.store_wait_seconds', transfer.storeWaitSeconds);
    span.set('upload.memory_wait_seconds', transfer.memoryWaitSeconds || undefined);
    span.set('upload.connection_wait_seconds', transfer.connectionWaitSeconds || undefined);
    span.set('s3.retry_wait_seconds', transfer.retryWaitSeconds || undefined);
    span.end();
  }
}
