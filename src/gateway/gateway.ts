/**
 * The spine: what happens to every request, in this order. The types hold it: `upload` takes nothing but what `authorize`
 * has given. Each stage either gives the next form of the request or throws the Failure that ends it.
 */
import { asFailure, Failure } from '../domain/failure.ts';
import { OPERATIONS, PREFLIGHT } from '../domain/operation.ts';
import { type Authorized, type Bucket, type Incoming, isAsking, type Reply, type Uploading } from '../domain/stages.ts';
import type { RequestRecord, Settings, Stages } from './stages.ts';

export interface Gateway {
  /** @throws Failure for every outcome but success. */
  handle(incoming: Incoming, record: RequestRecord): Promise<Reply>;
}

export function createGateway<B extends Bucket>(stages: Stages<B>, settings: Settings): Gateway {
  let uploads = 0;
  return {
    async handle(incoming, record) {
      const routed = await stages.route(incoming);
      record.routed = routed;
      if (routed.operation === PREFLIGHT) return stages.preflight(routed);
      const authenticated = await stages.authenticate(routed);
      record.authMethod = authenticated.identity.method;
      if (isAsking(authenticated)) return stages.answer(authenticated);
      const resolved = stages.resolve(authenticated as Uploading<B>);
      const authorized = await stages.authorize(resolved);
      if (uploads >= settings.concurrentUploads) throw new Failure('overloaded');
      uploads++;
      return upload(stages, authorized, record, settings).finally(() => uploads--);
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
    span.end();
  }
}
