/** The error that a stage throws to end a request; its row in the table of failures decides what follows. */
import { type FailureShape, RETRY_AFTER } from './failure-shape.ts';
import { FAILURES, type FailureType } from './failures.ts';

export interface FailureOptions {
  /** Code and status, if they differ from those of the row. */
  readonly code?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
  /** Whether the store may have executed the request; by default as in the row. */
  readonly outcome?: Outcome;
}

/** The outcome of an upload at the store, so far as the gateway knows it. */
export type Outcome = 'stored' | 'not_stored' | 'unknown';

/** Thrown by a stage to end the request. It becomes the S3 error response, `error.type` on the span, the log line and the metric. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly type: FailureType;
  readonly code: string;
  readonly status: number;
  /** Response headers of this failure, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The cause, in one word of a closed set: on the span and in the log line, never in the response. */
  readonly reason: string | undefined;
  /** The message of another program: on spans and in the log line, never in the response. */
  readonly detail: string | undefined;
  /** Further elements of the error document, by name: in the response only, never on a span or in a log line. */
  readonly details: Readonly<Record<string, string>>;
  readonly outcome: Outcome;

  constructor(type: FailureType, message: string = FAILURES[type].message, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.type = type;
    this.code = options.code ?? FAILURES[type].code;
    this.status = options.status ?? FAILURES[type].status;
    this.headers = options.headers ?? {};
    this.reason = options.reason;
    this.detail = options.detail;
    this.details = options.details ?? {};
    this.outcome = options.outcome ?? (this.shape.outcomeUnknown ? 'unknown' : 'not_stored');
  }

  get shape(): FailureShape {
    return FAILURES[this.type];
  }

  /** Seconds for the Retry-After header. Every 503 has one, also if an error code of the store brings that status. */
  get retryAfter(): number | undefined {
    return this.shape.retryAfter ?? (this.status === 503 ? RETRY_AFTER : undefined);
  }
}

/** A copy of the failure with one more response header. */
export function withHeader(failure: Failure, name: string, value: string): Failure {
  return changed(failure, { headers: { ...failure.headers, [name]: value } });
}

/** A copy of the failure with another outcome. */
export function withOutcome(failure: Failure, outcome: Outcome): Failure {
  return failure.outcome === outcome ? failure : changed(failure, { outcome });
}

function changed(failure: Failure, options: FailureOptions): Failure {
  const { type, message, code, status, headers, reason, detail, details, cause, outcome } = failure;
  return new Failure(type, message, { code, status, headers, reason, detail, details, cause, outcome, ...options });
}

/** The thrown value as a Failure. Any other error is a defect of the gateway. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure('internal_error', undefined, { cause: thrown, outcome: 'unknown' });
}
