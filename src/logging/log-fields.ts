/**
 * The fields of log lines as attributes of OTLP log records: the names of spans, by the OTel semantic conventions where they have
 * one. Fields that are not in the table keep their name. docs/logs.md is generated from it.
 */
import { type MethodAttributes, methodAttributes } from '../kit/http-method.ts';

export interface LogFieldShape {
  /** The attribute; undefined for the ids of the trace, which are fields of the log record itself. */
  readonly attribute?: string;
  readonly prose: string;
  /** Whether its numbers are always doubles: the type of an attribute must not depend on its value. */
  readonly isDouble?: true;
}

export const LOG_FIELDS: Readonly<Record<string, LogFieldShape>> = {
  trace_id: { prose: 'The id of the trace, also if it is not sampled.' },
  span_id: { prose: 'The id of the SERVER span.' },
  trace_flags: { prose: 'The flags of W3C Trace Context.' },
  request_id: { attribute: 'mizuchi.request_id', prose: 'The id of the request, from the gateway.' },
  store_request_id: { attribute: 'aws.request_id', prose: 'The id of the request at the store.' },
  client_address: {
    attribute: 'client.address',
    prose: 'Address of the client, as far as the proxies before the gateway are trusted.',
  },
  method: { attribute: 'http.request.method', prose: 'The method. OTLP: `_OTHER` for an unknown one.' },
  path: { attribute: 'url.path', prose: 'The path as sent, without credentials.' },
  query: { attribute: 'url.query', prose: 'The redacted query of a failed request.' },
  status: { attribute: 'http.response.status_code', prose: 'The status; absent if the client got no response.' },
  bucket: { attribute: 'mizuchi.bucket', prose: 'Name of the bucket in the configuration.' },
  operation: { attribute: 's3.operation', prose: 'The S3 operation, also of a refused request.' },
  bytes: { attribute: 'upload.received_bytes', prose: 'Object bytes received from the client.' },
  duration_seconds: {
    attribute: 'mizuchi.duration_seconds',
    isDouble: true,
    prose: 'From the first byte of the request to the last byte of the response.',
  },
  client_wait_seconds: {
    attribute: 'upload.client_wait_seconds',
    isDouble: true,
    prose: 'The part of it that was spent waiting for the client.',
  },
  store_wait_seconds: {
    attribute: 'upload.store_wait_seconds',
    isDouble: true,
    prose: 'The part of it that was spent waiting for the store.',
  },
  outcome: { attribute: 'upload.outcome', prose: 'Outcome at the store: `stored`, `not_stored` or `unknown`.' },
  auth_method: { attribute: 'auth.method', prose: 'The method of authentication.' },
  error_type: { attribute: 'error.type', prose: 'The type of the failure: [errors](errors.md).' },
  error_code: { attribute: 's3.error.code', prose: 'The S3 error code that the client received.' },
  error_message: { attribute: 's3.error.message', prose: 'The failure in words, as in the response.' },
  error_reason: { attribute: 'error.reason', prose: 'The root cause in one word.' },
  error_detail: { attribute: 'mizuchi.error.detail', prose: 'The cause in the words of another program.' },
  stack: { attribute: 'exception.stacktrace', prose: 'The stack of an unexpected error.' },
  peer_address: { attribute: 'network.peer.address', prose: 'The other end of a refused connection.' },
};

/** Attributes whose numbers are doubles. */
export const DOUBLES: ReadonlySet<string> = new Set(
  Object.values(LOG_FIELDS).flatMap(({ attribute, isDouble }) => (isDouble && attribute ? [attribute] : [])),
);

/** Names of events, by the message of the log line. Other lines are log records without an event name. */
export const EVENT_NAMES: ReadonlyMap<string, string> = new Map([
  ['request', 'mizuchi.request'],
  ['connection refused', 'mizuchi.connection_refused'],
  ['listening', 'mizuchi.start'],
  ['log level changed', 'mizuchi.log_level_change'],
]);

/** The attributes of a record, without the ids of the trace. */
export function logAttributes(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    const { attribute = field } = LOG_FIELDS[field] ?? {};
    if (field === 'method') Object.assign(attributes, methodOf(value));
    else attributes[attribute] = value;
  }
  return attributes;
}

/** The line of a request that cannot be parsed has an empty method. */
function methodOf(value: unknown): MethodAttributes {
  return methodAttributes(typeof value === 'string' && value !== '' ? value : undefined);
}
