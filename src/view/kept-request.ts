/** What the view keeps of a request that has ended: facts only, no headers, no connection and no body. */
import { performance } from 'node:perf_hooks';
import type { Outcome } from '../domain/failure.ts';
import { FAILURES, type FailureType } from '../domain/failures.ts';
import type { RecordedRequests, RecordedSpans } from '../domain/recorded-requests.ts';
import type { FinishedRequest } from '../gateway/report.ts';
import type { Aged } from '../kit/age-list.ts';
import { unsliced } from '../kit/unsliced.ts';
import type { RecentRequest } from './documents.ts';
import type { ShownKeys } from './shown-keys.ts';

/** Of a request without its texts: as measured, rounded up. */
const REQUEST_BYTES = 600;
/** Longer messages are truncated. */
const MESSAGE_LENGTH = 1_024;

export class KeptRequest implements Aged<KeptRequest> {
  older: KeptRequest | undefined = undefined;
  newer: KeptRequest | undefined = undefined;
  kept: RecentRequest['kept'] = 'recent';
  /** Undefined where they were not recorded or had to go. */
  spans: RecordedSpans | undefined;
  /** Of the spans when the request ended: later ones may follow until they are encoded. */
  readonly spanBytes: number;
  /** Counts the requests of this process. */
  readonly sequence: number;
  readonly id: string;
  readonly traceId: string | undefined;
  readonly exported: boolean;
  /** Unix time in milliseconds. */
  readonly endedAt: number;
  readonly seconds: number;
  readonly clientWaitSeconds: number;
  readonly storeWaitSeconds: number;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly operation: string | undefined;
  readonly partNumber: number | undefined;
  readonly uploadId: string | undefined;
  readonly method: string;
  readonly status: number | undefined;
  readonly received: number;
  readonly outcome: Outcome | undefined;
  readonly errorType: FailureType | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;

  constructor(sequence: number, request: FinishedRequest, recorded: RecordedRequests | undefined, now: number) {
    const { record, failure, span } = request;
    const { routed, named, transfer } = record;
    this.sequence = sequence;
    this.spans = recorded?.of(span);
    this.spanBytes = this.spans?.bytes ?? 0;
    this.id = request.requestId;
    this.traceId = span.traceId;
    this.exported = this.spans?.exported ?? span.sampled;
    this.endedAt = now;
    this.seconds = (performance.now() - record.startedAt) / 1000;
    this.clientWaitSeconds = transfer.clientWaitSeconds;
    this.storeWaitSeconds = transfer.storeWaitSeconds;
    this.bucket = routed?.bucket.name ?? named?.bucket;
    this.key = keyOf(request);
    this.operation = routed?.operation ?? named?.operation;
    this.partNumber = routed?.partNumber;
    this.uploadId = routed?.uploadId === undefined ? undefined : unsliced(routed.uploadId);
    this.method = request.method;
    this.status = request.status;
    this.received = transfer.bytes;
    this.outcome = record.outcome;
    this.errorType = failure?.type;
    this.reason = failure?.reason;
    this.message = failure && unsliced(failure.message.slice(0, MESSAGE_LENGTH));
  }

  /** Without its spans. */
  get bytes(): number {
    const { key = '', uploadId = '', message = '' } = this;
    return REQUEST_BYTES + 2 * (key.length + uploadId.length + message.length);
  }
}

/** Undefined for a request without an object, and for one that was refused before it was routed. */
export function keyOf({ record }: FinishedRequest): string | undefined {
  const key = record.routed?.key;
  return key === undefined || key === '' ? undefined : unsliced(key);
}

export function documentOf(request: KeptRequest, keys: ShownKeys): RecentRequest {
  const { errorType, key, uploadId, message } = request;
  return {
    id: request.id,
    trace_id: request.traceId ?? null,
    sampled: request.exported,
    has_spans: request.spans !== undefined,
    started_at: Math.round(request.endedAt - request.seconds * 1000),
    duration_seconds: rounded(request.seconds),
    client_wait_seconds: rounded(request.clientWaitSeconds),
    store_wait_seconds: rounded(request.storeWaitSeconds),
    bucket: request.bucket ?? null,
    key: key === undefined ? null : keys.key(key),
    operation: request.operation ?? null,
    part_number: request.partNumber ?? null,
    upload: uploadId === undefined ? null : keys.upload(uploadId),
    method: request.method,
    status: request.status ?? null,
    bytes: request.received,
    outcome: request.outcome ?? null,
    side: errorType === undefined ? null : FAILURES[errorType].side,
    error_type: errorType ?? null,
    reason: request.reason ?? null,
    message: message === undefined ? null : shownMessage(message, errorType, key, keys),
    kept: request.kept,
    worker: null,
  };
}

/** Most messages are those of the table, which have no key. */
export function shownMessage(
  message: string,
  type: FailureType | undefined,
  key: string | undefined,
  keys: ShownKeys,
): string {
  return type !== undefined && message === FAILURES[type].message ? message : keys.text(message, key);
}

const rounded = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
