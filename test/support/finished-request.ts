/** Requests that have ended, as the server reports them. */
import { Failure, type FailureOptions } from '../../src/domain/failure.ts';
import type { FailureType } from '../../src/domain/failures.ts';
import { NO_SPAN, type Span } from '../../src/domain/span.ts';
import type { Routed } from '../../src/domain/stages.ts';
import type { FinishedRequest } from '../../src/gateway/report.ts';
import { newRecord } from '../../src/gateway/stages.ts';

export interface FinishedOptions {
  readonly id?: string;
  readonly key?: string;
  readonly bucket?: string;
  /** Of a request that was refused before it was routed. */
  readonly named?: { readonly bucket: string | undefined; readonly operation: string | undefined };
  readonly seconds?: number;
  readonly span?: Span;
  readonly uploadId?: string;
  readonly fails?: { readonly type: FailureType; readonly message?: string } & FailureOptions;
}

export function finishedRequest(options: FinishedOptions = {}): FinishedRequest {
  const {
    id = 'ID',
    key = 'key',
    bucket = 'photos',
    named,
    seconds = 0.001,
    span = NO_SPAN,
    uploadId,
    fails,
  } = options;
  const record = newRecord(performance.now() - seconds * 1000);
  const operation = uploadId === undefined ? 'PutObject' : 'UploadPart';
  const partNumber = uploadId === undefined ? undefined : 7;
  if (named !== undefined) record.named = named;
  else record.routed = { bucket: { name: bucket }, operation, key, uploadId, partNumber } as Routed;
  record.outcome = fails === undefined ? 'stored' : 'not_stored';
  record.transfer.received(1_000);
  const failure = fails && new Failure(fails.type, fails.message, fails);
  return {
    requestId: id,
    method: 'PUT',
    path: `/${bucket}/${encodeURIComponent(key)}`,
    clientAddress: '192.0.2.1',
    attributes: {},
    status: failure?.status ?? 200,
    failure,
    span,
    record,
  };
}
