/** An authorized upload, for tests of the ways behind their interface. */
import { Readable } from 'node:stream';
import { planBody } from '../../../src/body/body-plan.ts';
import { TransferClock } from '../../../src/body/transfer-clock.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import type { Authorized } from '../../../src/domain/stages.ts';
import { headersForStore } from '../../../src/s3/header-allow-list.ts';
import type { StoreClient, StoreConfig } from '../../../src/s3/store-client.ts';
import type { UploadBucket } from '../../../src/upload/handler.ts';
import type { ObjectUpload } from '../../../src/upload/ways/way.ts';
import { UploadIds } from '../../../src/upload-id/seal.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';

export interface WayUpload {
  readonly upload: ObjectUpload;
  readonly body: Readable;
  /** Aborted when the client disconnects, or the gateway shuts down. */
  readonly connection: AbortController;
}

export interface ClientSends {
  readonly key: string;
  /** Undefined where the client does not declare it. */
  readonly length: number | undefined;
  readonly bytes: Buffer;
  /** Whether the client sends nothing after the bytes, but stays connected. */
  readonly stalls?: boolean;
  readonly headers?: Record<string, string>;
}

export function storeConfig(endpoint: string, more: Partial<StoreConfig> = {}): StoreConfig {
  return {
    bucket: 'my-bucket',
    region: 'us-east-1',
    endpoint,
    path_style: true,
    access_key: 'mizuchi',
    secret_key: 'mizuchi-secret',
    propagate: false,
    max_connections: 10,
    connect_timeout_seconds: 5,
    stall_timeout_seconds: 5,
    answer_timeout_seconds: 5,
    ...more,
  };
}

export function wayUpload(store: StoreClient, { key, length, bytes, stalls, headers = {} }: ClientSends): WayUpload {
  const body = bodyOf(bytes, stalls);
  const connection = new AbortController();
  const bucket: UploadBucket = {
    name: 'uploads',
    storeBucket: 'my-bucket',
    store,
    headerRules: undefined,
    checksums: { added: undefined, own: 'crc32', passed: true, verifies: new Set<never>() },
    uploadIds: new UploadIds('a secret', 'uploads'),
  };
  const incoming = { headers, signal: connection.signal, body: { length, open: () => body } };
  const request = {
    ...resolvedRequest({ key, incoming }),
    bucket,
    decision: { reason: 'test' },
  } as Authorized<UploadBucket>;
  const plan = planBody(request, 10 * 1024 ** 3, bucket.checksums);
  const scope = {
    span: NO_SPAN,
    transfer: new TransferClock(),
    pace: { idleMillis: 10_000, leastRate: 0 },
    chunks: { passed() {} },
  };
  const upload = { request, plan, headers: headersForStore('PutObject', headers, undefined), scope };
  return { upload, body, connection };
}

const CHUNK = 64 * 1024;

function bodyOf(bytes: Buffer, stalls = false): Readable {
  let at = 0;
  return new Readable({
    highWaterMark: CHUNK,
    read() {
      if (at < bytes.length) this.push(bytes.subarray(at, (at += CHUNK)));
      else if (!stalls) this.push(null);
    },
  });
}
