/** The report of a finished request: the last attributes of its span, its metrics, and its log line. */
import { performance } from 'node:perf_hooks';
import type { Failure } from '../domain/failure.ts';
import type { Log } from '../domain/log.ts';
import type { Attributes, Span } from '../domain/span.ts';
import type { RequestMetrics, RequestOutcome } from '../metrics/request-metrics.ts';
import { newRecord, type RequestRecord } from './stages.ts';

/** A request whose response is sent, or whose client disconnected. */
export interface FinishedRequest {
  /** The gateway's own. */
  readonly requestId: string;
  /** `x-amz-request-id` of the store, which the response then has; undefined if the store sent none. */
  readonly storeRequestId?: string | undefined;
  readonly method: string;
  /** As received, without the query. */
  readonly path: string;
  /** Redacted; undefined if there was none. */
  readonly query?: string | undefined;
  readonly clientAddress: string | undefined;
  /** Of the span, at its start. */
  readonly attributes: Attributes;
  /** Status that the client received; undefined if it received none. */
  readonly status: number | undefined;
  readonly failure: Failure | undefined;
  readonly span: Span;
  readonly record: RequestRecord;
}

export interface Report {
  /** @param startedAt as `performance.now()`. */
  begin(startedAt: number): RequestRecord;
  /** Once for each `begin`. */
  finish(request: FinishedRequest): void;
}

/** @param successRatio the ratio of successful requests that are logged: `logging.success_ratio`. */
export function createReport(log: Log, metrics: RequestMetrics, successRatio: number): Report {
  return {
    begin(startedAt) {
      metrics.requestStarted();
      return newRecord(startedAt);
    },
    finish(request) {
      const seconds = (performance.now() - request.record.startedAt) / 1000;
      finishSpan(request);
      metrics.requestFinished(outcomeOf(request, seconds));
      if (request.failure !== undefined || Math.random() < successRatio) writeLine(log, request, seconds);
    },
  };
}

/** A client error is not an error of the server: 4xx leaves the status of a SERVER span unset (OTel HTTP conventions). */
function finishSpan(request: FinishedRequest): void {
  const { span, status, failure, record } = request;
  const { firstByteAt, lastByteAt } = record.transfer;
  if (firstByteAt !== undefined) span.event('upload.first_byte_received', firstByteAt);
  if (lastByteAt !== undefined) span.event('upload.last_byte_received', lastByteAt);
  span.set('http.response.status_code', status);
  if (failure !== undefined) {
    const { bucket, operation } = namesOf(record);
    if (bucket !== undefined) span.set('mizuchi.bucket', bucket);
    if (operation !== undefined) span.set('s3.operation', operation);
    if (failure.reason !== undefined) span.set('error.reason', failure.reason);
    if (failure.detail !== undefined) span.set('mizuchi.error.detail', failure.detail);
    span.set('s3.error.code', receivedCode(request));
    span.set('s3.error.message', failure.message);
    // A response that was begun early has the status 200, whatever the outcome.
    if (status === undefined || failure.status >= 500) span.fail(failure.type);
    else span.set('error.type', failure.type);
  }
  span.end();
}

/** Of a routed request, or as a refused request names them. */
function namesOf({ routed, named }: RequestRecord) {
  return { bucket: routed?.bucket.name ?? named?.bucket, operation: routed?.operation ?? named?.operation };
}

/** The S3 error code that the client received: none if it disconnected, and none with HEAD, whose responses have no body. */
function receivedCode({ status, method, failure }: FinishedRequest): string | undefined {
  return status === undefined || method === 'HEAD' ? undefined : failure?.code;
}

function outcomeOf({ record, failure, span, status, attributes }: FinishedRequest, seconds: number): RequestOutcome {
  return {
    bucket: record.routed?.bucket.name,
    operation: record.routed?.operation,
    status,
    attributes,
    httpRoute: record.httpRoute,
    errorType: failure?.type,
    bytes: record.transfer.bytes,
    seconds,
    clientWaitSeconds: record.transfer.clientWaitSeconds,
    storeWaitSeconds: record.transfer.storeWaitSeconds,
    traceId: span.sampled ? span.traceId : undefined,
    spanId: span.sampled ? span.spanId : undefined,
  };
}

function writeLine(log: Log, request: FinishedRequest, seconds: number): void {
  const { record, failure, span } = request;
  const { bucket, operation } = namesOf(record);
  // Without a spread, which would make a slow object of it in V8: 20,000 instructions.
  const fields = {
    trace_id: span.traceId,
    span_id: span.spanId,
    trace_flags: hexDigits(span.traceFlags),
    request_id: request.requestId,
    store_request_id: request.storeRequestId,
    client_address: request.clientAddress,
    method: request.method,
    path: request.path,
    query: failure === undefined ? undefined : request.query,
    status: request.status,
    bucket,
    operation,
    bytes: record.transfer.bytes,
    duration_seconds: round(seconds),
    client_wait_seconds: round(record.transfer.clientWaitSeconds),
    store_wait_seconds: round(record.transfer.storeWaitSeconds),
    outcome: record.outcome,
    auth_method: record.authMethod,
    error_type: failure?.type,
    error_code: request.status === undefined ? undefined : failure?.code,
    error_message: failure?.message,
    error_reason: failure?.reason,
    error_detail: failure?.detail,
  };
  if (failure === undefined) log.info(fields, 'request');
  else if (failure.type === 'internal_error') log.error({ ...fields, stack: stackOf(failure) }, 'request');
  // Scanners send such requests all day, and no operator has to act.
  else if (failure.type === 'no_such_bucket') log.info(fields, 'request');
  else log.warn(fields, 'request');
}

const hexDigits = (flags: number | undefined): string | undefined => flags?.toString(16).padStart(2, '0');
const round = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
const stackOf = ({ cause }: Failure): string | undefined => (cause instanceof Error ? cause.stack : String(cause));
