/** Tries a store: a multipart upload is created, listed and aborted through the stages of the gateway. No object is stored. */

import { randomUUID } from 'node:crypto';
import type { BucketConfig } from '../../config/bucket.ts';
import type { Config } from '../../config/config.ts';
import { asFailure, type Failure } from '../../domain/failure.ts';
import type { Incoming } from '../../domain/stages.ts';
import { elementOf } from '../../s3/store-document.ts';
import { openStore } from '../bucket/store.ts';
import { routeTo } from '../buckets.ts';
import type { AppContext } from '../context.ts';
import { sendInProcess } from '../dry-run/in-process-request.ts';
import { openGateway } from '../gateway.ts';
import type { Lifetime } from '../lifetime.ts';
import { type Finding, fails, failsAs, find, type UploadFailure, works } from './finding.ts';

/** Longest wait for one response, in milliseconds. */
const TIMEOUT_MILLIS = 10_000;

export function examineStore(
  bucket: BucketConfig,
  config: Config,
  lifetime: Lifetime,
  context: AppContext,
): Promise<Finding> {
  return find(`bucket ${bucket.name}, store`, async () => {
    const store = await openStore(bucket, lifetime, context).catch((error: Error) => error);
    if (store instanceof Error) return notOpened(bucket, store);
    const open = {
      ...routeTo(bucket, config, { store, authenticators: undefined, authorizers: [] }),
      maxKeyBytes: undefined,
    };
    const gateway = openGateway(config, [open], context.watch, false);
    const path = `${bucket.path_prefix}/.mizuchi-doctor/${randomUUID()}`;
    const send: Send = async (method, query) => {
      const signal = AbortSignal.timeout(TIMEOUT_MILLIS);
      return (await sendInProcess(gateway, { method, path, query, headers: { host: 'localhost' }, signal })).body;
    };
    const started = performance.now();
    try {
      const mayList = await tryUpload(send);
      const { origin, pathOf } = store.endpoint;
      const took = `${Math.round(performance.now() - started)} ms at ${origin}${pathOf('')}`;
      if (mayList) return works(`a multipart upload was created and aborted in ${took}`);
      return fails(
        `a multipart upload was created and aborted in ${took}, but its parts cannot be listed`,
        ALLOW_LISTING,
      );
    } catch (thrown) {
      const failure = asFailure(thrown);
      return failsAs(failure.detail ?? `${failure.code}: ${failure.message}`, hintFor(failure), ofUpload(failure));
    }
  });
}

/** Only `doctor` has this deadline: the gateway would wait until `s3.answer_timeout_seconds`. */
function ofUpload({ type, reason }: Failure): UploadFailure {
  return type === 'client_aborted' ? { type: 'store_timeout', reason: 'no_answer' } : { type, reason };
}

/** The line names the bucket already. */
function notOpened({ name }: BucketConfig, { message }: Error) {
  const prefix = `bucket ${name}: `;
  const how = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  if (how.startsWith('no credentials')) return { ...fails(how, GIVE_CREDENTIALS), isGeneral: true };
  return fails(how, 'fix the problem that the message describes');
}

const GIVE_CREDENTIALS =
  'set s3.access_key and s3.secret_key, or provide AWS credentials: environment variables, profile, web identity or instance role';

const ALLOW_LISTING =
  'allow the keys s3:ListMultipartUploadParts: the gateway needs it to check the outcome of a completion that got no response';

type Send = (method: string, query: Incoming['query']) => Promise<string>;

/** @returns whether parts can be listed. @throws Failure if uploads cannot be created or aborted. */
async function tryUpload(send: Send): Promise<boolean> {
  const created = await send('POST', [['uploads', '']]);
  const id = elementOf(created, 'UploadId') ?? '';
  const mayList = await send('GET', [['uploadId', id]]).then(
    () => true,
    () => false,
  );
  await send('DELETE', [['uploadId', id]]);
  return mayList;
}

function hintFor({ type, reason }: Failure): string {
  const byReason: Readonly<Record<string, string>> = {
    NoSuchBucket: 'create the bucket at the store, or correct s3.bucket',
    AccessDenied: 'allow the keys s3:PutObject and s3:AbortMultipartUpload on this bucket',
  };
  const byType: Readonly<Record<string, string>> = {
    store_unreachable:
      'is the store running? check s3.endpoint, DNS, firewalls, and s3.ca_file if the certificate is from a private authority',
    store_refused_gateway:
      'check s3.access_key, s3.secret_key and s3.region, the path of s3.endpoint if it has one, and that the clock of this machine is right',
    store_timeout: 'check s3.endpoint: the server there accepts connections but does not respond',
    client_aborted: 'check s3.endpoint: no response arrived in time',
    store_invalid_answer: 'check s3.endpoint: the server there does not speak S3',
    store_reset: 'check s3.endpoint, and whether it speaks TLS',
  };
  return byReason[reason ?? ''] ?? byType[type] ?? "see the store's own log";
}
