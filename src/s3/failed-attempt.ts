/** The outcome of a failed attempt on its span: whether the store failed, or the gateway cancelled the attempt. */
import type { CancelSignal } from '../domain/cancellation.ts';
import { Failure } from '../domain/failure.ts';
import type { FailureType } from '../domain/failures.ts';
import type { Span } from '../domain/span.ts';
import type { StoreAttempt } from '../domain/store-observer.ts';
import { RESPONSE_UNKNOWN } from './transport-failure.ts';

export type FailedAttempt = Pick<StoreAttempt, 'errorType' | 'isCancelled' | 'cause'>;

/**
 * @param signal of the call.
 * @param status of the response; undefined if the store has not responded.
 */
export function failAttempt(
  span: Span,
  failure: Failure,
  signal: CancelSignal | undefined,
  status: number | undefined,
): FailedAttempt {
  const cancellation = signal && status === undefined ? cancellationOf(failure, signal) : undefined;
  span.set('s3.cancellation_reason', cancellation);
  if (cancellation !== undefined) return { errorType: cancellation, isCancelled: true, cause: undefined };
  const { type, reason, detail, message } = failure;
  span.set('error.reason', reason);
  // The gateway's own deadline for a call, such as the abortion of an upload: no client is waiting.
  const isLate = status === undefined && isDeadline(signal);
  if (isLate) span.fail('store_timeout');
  else span.fail(type, detail ?? message);
  return { errorType: isLate ? 'store_timeout' : type, isCancelled: false, cause: reason ?? statusText(status) };
}

const statusText = (status: number | undefined): string | undefined =>
  status === undefined || status < 300 ? undefined : `HTTP ${status}`;

/**
 * Why the attempt was cancelled: it is not an error of the store then. A body that cannot be sent, such as one with a wrong checksum, has
 * a failure without `store_`.
 */
function cancellationOf(failure: Failure, signal: CancelSignal): FailureType | undefined {
  const { type } = failure;
  const { aborted, reason } = signal;
  if (type === 'internal_error' || isDeadline(signal)) return undefined;
  const isOurs = failure === reason || failure.reason === RESPONSE_UNKNOWN || !type.startsWith('store_');
  if (!isOurs) return undefined;
  return aborted && reason instanceof Failure ? reason.type : type;
}

const isDeadline = (signal: CancelSignal | undefined): boolean => signal?.reason?.name === 'TimeoutError';
