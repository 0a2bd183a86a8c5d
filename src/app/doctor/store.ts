/** Tries a store: a multipart upload is begun, asked about, and aborted, so that nothing is ever stored. */
import { randomUUID } from 'node:crypto';
import type { BucketConfig } from '../../config/bucket.ts';
import { asFailure, Failure } from '../../domain/failure.ts';
import type { OperationName } from '../../domain/operation.ts';
import { NO_SPAN } from '../../domain/span.ts';
import type { StoreClient } from '../../s3/store-client.ts';
import { openStore } from '../bucket/store.ts';
import type { Lifetime } from '../lifetime.ts';
import { type Finding, fails, find, works } from './finding.ts';

/** Longest wait for one answer, in milliseconds. */
const PATIENCE_MILLIS = 10_000;

export function examineStore(bucket: BucketConfig, lifetime: Lifetime, directory: string): Promise<Finding> {
  return find(`bucket ${bucket.name}, store`, async () => {
    const store = await openStore(bucket, lifetime, { directory });
    const started = performance.now();
    try {
      const mayAsk = await tryUpload(store, `.mizuchi-doctor/${randomUUID()}`);
      const { origin, pathOf } = store.endpoint;
      const took = `${Math.round(performance.now() - started)} ms at ${origin}${pathOf('')}`;
      if (mayAsk) return works(`an upload was begun and aborted in ${took}`);
      return fails(`an upload was begun and aborted in ${took}, but its parts may not be asked for`, MAY_NOT_ASK);
    } catch (thrown) {
      const failure = asFailure(thrown);
      return fails(failure.detail ?? `${failure.code}: ${failure.message}`, mendOf(failure));
    }
  });
}

const MAY_NOT_ASK =
  'let the keys do s3:ListMultipartUploadParts: completions whose answer is lost are looked for with it';

/** @returns whether parts may be asked for. @throws Failure if uploads cannot be begun or aborted. */
async function tryUpload(store: StoreClient, key: string): Promise<boolean> {
  const call = (operation: OperationName, query: [string, string][], body?: Buffer) =>
    store.call({
      operation,
      caller: undefined,
      key,
      query,
      headers: {},
      body,
      payloadHash: 'UNSIGNED-PAYLOAD',
      signal: AbortSignal.timeout(PATIENCE_MILLIS),
      span: NO_SPAN,
    });
  const begun = await call('CreateMultipartUpload', [['uploads', '']], Buffer.alloc(0));
  const id = /<UploadId>([^<]+)</.exec(begun.body)?.[1];
  if (id === undefined) throw new Failure('store_invalid_answer', 'It gave no upload id.');
  const mayAsk = await call('ListParts', [['uploadId', id]]).then(
    () => true,
    () => false,
  );
  await call('AbortMultipartUpload', [['uploadId', id]]);
  return mayAsk;
}

function mendOf({ type, reason }: Failure): string {
  const byReason: Readonly<Record<string, string>> = {
    NoSuchBucket: 'make the bucket at the store, or correct s3.bucket',
    AccessDenied: 'let the keys do s3:PutObject and s3:AbortMultipartUpload on this bucket',
  };
  const byType: Readonly<Record<string, string>> = {
    store_unreachable: 'check s3.endpoint, DNS, firewalls, and s3.ca_file where the certificate is a private one',
    store_refused_gateway:
      'check s3.access_key, s3.secret_key and s3.region, the path of s3.endpoint if it has one, and that the clock of this machine is right',
    store_timeout: 'check s3.endpoint: something listens there, and says nothing',
    client_aborted: 'check s3.endpoint: nothing was answered in time',
    store_invalid_answer: 'check s3.endpoint: what listens there does not speak S3',
    store_reset: 'check s3.endpoint, and whether it speaks TLS',
  };
  return byReason[reason ?? ''] ?? byType[type] ?? "look into the store's own log";
}
