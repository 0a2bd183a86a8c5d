/** A Failure as a message between threads, which copies data but no classes. */
import { Failure, type FailureOptions } from '../domain/failure.ts';
import type { FailureType } from '../domain/failures.ts';

export interface FailureMessage {
  readonly type: FailureType;
  readonly message: string;
  readonly options: FailureOptions;
}

export function messageOf({
  type,
  message,
  code,
  status,
  headers,
  reason,
  detail,
  details,
  outcome,
}: Failure): FailureMessage {
  return { type, message, options: { code, status, headers, reason, detail, details, outcome } };
}

export function failureOf({ type, message, options }: FailureMessage): Failure {
  return new Failure(type, message, options);
}
