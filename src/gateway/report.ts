/** The report of a finished request: the last attributes of its span, its metrics, and its log line. */
import type { Failure } from '../domain/failure.ts';
import type { Log } from '../domain/log.ts';
import type { Span } from '../domain/span.ts';
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
  readonly clientAddress: string | undefined;
  /** Status that the client received; undefined if it received none. */
  readonly status: number | undefined;
  readonly failure: Failure | undefined;
  readonly span: Span;
  readonly record: RequestRecord;
}

export interface Report {
  begin(): RequestRecord;
  /** Once for each `begin`. */
  finish(request: FinishedRequest): void;
}

export function createReport(log: Log, metrics: RequestMetrics): Report {
  return {
    begin() {
      metrics.requestStarted();
      return newRecord();
    },
    finish(request) {
      const seconds = (performance.now() - request.record.startedAt) / 1000;
      finishSpan(request);
      metrics.requestFinished(outcomeOf(request, seconds));
      writeLine(log, request, seconds);
    },
  };
}

/** A client error is not an error of the server: 4xx leaves the status of a SERVER span unset (OTel HTTP conventions). */
function finishSpan({ span, status, failure }: FinishedRequest): void {
  span.set('http.response.status_code', status);
  if (failure !== undefined) {
    if (failure.reason !== undefined) span.set('error.reason', failure.reason);
    span.set('s3.error.code', failure.code);
    span.set('s3.error.message', failure.message);
    // A response that was begun early has the status 200, whatever the outcome.
    if (status === undefined || failure.status >= 500) span.fail(failure.type);
    else span.set('error.type', failure.type);
  }
  span.end();
}

function outcomeOf({ record, failure, span }: FinishedRequest, seconds: number): RequestOutcome {
  return {
    bucket: record.routed?.bucket.name,
    operation: record.routed?.operation,
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
  const fields = {
    trace_id: span.traceId,
    span_id: span.spanId,
    trace_flags: span.traceparent?.slice(-2),
    request_id: request.requestId,
    store_request_id: request.storeRequestId,
    client_address: request.clientAddress,
    method: request.method,
    path: request.path,
    status: request.status,
    bucket: record.routed?.bucket.name,
    operation: record.routed?.operation,
    bytes: record.transfer.bytes,
    duration_seconds: round(seconds),
    client_wait_seconds: round(record.transfer.clientWaitSeconds),
    store_wait_seconds: round(record.transfer.storeWaitSeconds),
    auth_method: record.authMethod,
    error_type: failure?.type,
    error_code: failure?.code,
    error_message: failure?.message,
    error_reason: failure?.reason,
    error_detail: failure?.detail,
  };
  if (failure === undefined) log.info(fields, 'request');
  else if (failure.type === 'internal_error') log.error({ ...fields, stack: stackOf(failure) }, 'request');
  else log.warn(fields, 'request');
}

const round = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
const stackOf = ({ cause }: Failure): string | undefined => (cause instanceof Error ? cause.stack : String(cause));
