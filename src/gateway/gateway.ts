/**
 * The spine: what happens to every request, in this order. The types hold it: `upload` takes nothing but what `authorize`
 * has given. Each stage either gives the next form of the request or throws the Failure that ends it.
 */

import { callerOf, unknownCallerOf } from '../domain/caller.ts';
import { asFailure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { OPERATIONS, PREFLIGHT } from '../domain/operation.ts';
import {
  type Authorized,
  type Bucket,
  type Incoming,
  isAsking,
  type Reply,
  type Routed,
  type Uploading,
} from '../domain/stages.ts';
import { CallerSlots, type Slot } from './caller-slots.ts';
import { FormsReading } from './forms-reading.ts';
import type { RequestRecord, Settings, Stages } from './stages.ts';

export interface Gateway {
  /** POST forms of which the fields are being read. */
  readonly formsReading: number;
  /** @throws Failure for every outcome but success. */
  handle(incoming: Incoming, record: RequestRecord): Promise<Reply>;
}

/**
 * Of the requests under way this part at most may be forms that are being read: nobody knows yet whose they are, and they may take
 * their time. The rest is always left to others.
 */
const FORM_SHARE = FIXED_LIMITS.form_share;

export function createGateway<B extends Bucket>(stages: Stages<B>, settings: Settings): Gateway {
  const uploads = new CallerSlots(settings.concurrentUploads, 'too_many_uploads');
  const forms = new FormsReading(Math.ceil(settings.concurrentUploads * FORM_SHARE));

  /** Holds a slot for a client that is not authenticated yet, until `work` is over. @throws Failure overloaded, before anything is done. */
  async function counted<T>(incoming: Incoming, work: (slot: Slot) => Promise<T>): Promise<T> {
    const slot = uploads.take(unknownCallerOf(incoming));
    return work(slot).finally(() => uploads.release(slot));
  }

  async function form(incoming: Incoming, record: RequestRecord, slot: Slot): Promise<Reply> {
    const routed = await forms.read(unknownCallerOf(incoming), (stop) => stages.routeForm(incoming, stop));
    record.routed = routed;
    return judged(routed, record, slot);
  }

  async function judged(routed: Routed<B>, record: RequestRecord, slot: Slot): Promise<Reply> {
    const authenticated = await stages.authenticate(routed);
    record.authMethod = authenticated.identity.method;
    if (isAsking(authenticated)) return stages.answer(authenticated);
    uploads.move(slot, callerOf(authenticated));
    const resolved = stages.resolve(authenticated as Uploading<B>);
    return upload(stages, await stages.authorize(resolved), record, settings);
  }

  return {
    get formsReading() {
      return forms.count;
    },
    async handle(incoming, record) {
      if (stages.isForm(incoming)) return counted(incoming, (slot) => form(incoming, record, slot));
      const routed = stages.route(incoming);
      record.routed = routed;
      if (routed.operation === PREFLIGHT) return stages.preflight(routed);
      return counted(incoming, (slot) => judged(routed, record, slot));
    },
  };
}

/** Runs the operation inside its span. */
async function upload<B extends Bucket>(
  stages: Stages<B>,
  request: Authorized<B>,
  { transfer }: RequestRecord,
  settings: Settings,
): Promise<Reply> {
  const shape = OPERATIONS[request.operation];
  const span = request.incoming.span.child('s3.upload', 'internal', {
    's3.bucket': request.bucket.name,
    's3.key': request.key,
    's3.operation': request.operation,
    'aws.s3.upload_id': request.storeUploadId,
    'aws.s3.part_number': request.partNumber,
    'upload.method': shape.uploadMethod,
    'upload.zero_copy': shape.carriesObject ? false : undefined,
  });
  try {
    return await stages.upload[request.operation](request, { span, transfer, ...settings });
  } catch (thrown) {
    const failure = asFailure(thrown);
    span.fail(failure.type, failure.message);
    throw failure;
  } finally {
    span.set('upload.received_bytes', shape.carriesObject ? transfer.bytes : undefined);
    span.set('upload.client_wait_seconds', transfer.clientWaitSeconds);
    span.set('upload.store_wait_seconds', transfer.storeWaitSeconds);
    span.set('upload.memory_wait_seconds', transfer.memoryWaitSeconds || undefined);
    span.set('upload.connection_wait_seconds', transfer.connectionWaitSeconds || undefined);
    span.end();
  }
}
