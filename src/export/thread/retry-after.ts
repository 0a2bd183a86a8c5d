/** When a collector wants the next request: the `Retry-After` header of HTTP, and `RetryInfo` of gRPC. */
import { readFields, signedValue } from '../../kit/protobuf.ts';

/**
 * Seconds or an HTTP date (RFC 9110, section 10.2.3). @param now Unix milliseconds.
 * @returns milliseconds from now, never negative; undefined if the header is absent or neither.
 */
export function retryAfterMillis(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  if (!/^[A-Z][a-z]+, /.test(header)) return undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const RETRY_INFO = 'google.rpc.RetryInfo';

/**
 * @param details value of `grpc-status-details-bin`: a google.rpc.Status whose `details` may hold a RetryInfo.
 * @returns milliseconds, never negative; undefined if it is missing or malformed.
 */
export function retryInfoMillis(details: Uint8Array): number | undefined {
  try {
    for (const any of messages(details, 3)) {
      const type = Buffer.concat(messages(any, 1)).toString();
      if (type.slice(type.lastIndexOf('/') + 1) === RETRY_INFO) return retryDelayOf(Buffer.concat(messages(any, 2)));
    }
  } catch {
    // Malformed: as if it were missing.
  }
  return undefined;
}

/** `RetryInfo.retry_delay`, a google.protobuf.Duration. */
function retryDelayOf(retryInfo: Uint8Array): number | undefined {
  const [duration] = messages(retryInfo, 1);
  if (duration === undefined) return undefined;
  let millis = 0;
  for (const { number, value } of readFields(duration)) {
    if (typeof value !== 'bigint') continue;
    if (number === 1) millis += signedValue(value) * 1000;
    if (number === 2) millis += signedValue(value) / 1e6;
  }
  return Math.max(0, millis);
}

/** All length-delimited values of one field. */
function messages(message: Uint8Array, field: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { number, value } of readFields(message)) {
    if (number === field && typeof value !== 'bigint') found.push(value);
  }
  return found;
}
