/** The outcome of a failed attempt on its span: whether the store failed, or the gateway cancelled the attempt. */
import { Failure } from '../domain/failure.ts';
import type { FailureType } from '../domain/failures.ts';
import type { Span } from '../domain/span.ts';
import { RESPONSE_UNKNOWN } from './transport-failure.ts';

/**
 * @param signal of the call, if the store has not responded.
 * @returns the error type of the attempt, or the reason of its cancellation.
 */
export function failAttempt(span: Span, failure: Failure, signal: AbortSignal | undefined): FailureType {
  const cancellation = signal && cancellationOf(failure, signal);
  span.set('s3.cancellation_reason', cancellation);
  if (cancellation !== undefined) return cancellation;
  const { type, reason, detail, message } = failure;
  span.set('error.reason', reason);
  // The gateway's own deadline for a call, such as the abortion of an upload: no client is waiting.
  const isLate = isDeadline(signal);
  if (isLate) span.fail('store_timeout');
  else span.fail(type, detail ?? message);
  return isLate ? 'store_timeout' : type;
}

/**
 * Why the attempt was cancelled: it is not an error of the store then. A body that cannot be sent, such as one with a wrong checksum, has
 * a failure without `store_`.
 */
function cancellationOf(failure: Failure, signal: AbortSignal): FailureType | undefined {
  const { type } = failure;
  const { aborted, reason } = signal;
  if (type === 'internal_error' || isDeadline(signal)) return undefined;
  const isOurs = failure === reason || failure.reason === RESPONSE_UNKNOWN || !type.startsWith('store_');
  if (!isOurs) return undefined;
  return aborted && reason instanceof Failure ? reason.type : type;
}

const isDeadline = (signal: AbortSignal | undefined): boolean => signal?.reason?.name === 'TimeoutError';
