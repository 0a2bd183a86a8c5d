/** Why a policy engine did not return a decision, as one closed set. */
import { Failure } from '../domain/failure.ts';
import { messageWithCause } from '../domain/root-cause.ts';
import { errorCode } from '../kit/connection-error.ts';

/** Whether the error is one of the engine itself: only then the circuit breaker counts it. */
export const ENGINE_FAILED = {
  engine_unreachable: true,
  engine_timeout: true,
  engine_reset: true,
  engine_failed: true,
  engine_redirected: true,
  engine_answer_too_large: true,
  engine_answer_not_json: true,
  /** The engine is available, and refuses this query only. */
  engine_refused: false,
} as const;

export type EngineProblem = keyof typeof ENGINE_FAILED;

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly problem: EngineProblem;
  /** HTTP status, if the engine responded. */
  readonly status: number | undefined;

  readonly engineFailed: boolean;
  /** Of the connection's error, such as `ECONNREFUSED`. */
  readonly code: string | undefined;

  /** @param options.engineFailed if it does not follow from the problem. */
  constructor(
    problem: EngineProblem,
    options: { status?: number | undefined; engineFailed?: boolean | undefined; cause?: unknown } = {},
  ) {
    super(problem, { cause: options.cause });
    this.problem = problem;
    this.status = options.status;
    const { cause } = options;
    const isConnection = problem === 'engine_unreachable' || problem === 'engine_reset';
    this.code = isConnection && cause instanceof Error ? errorCode(cause) : undefined;
    this.engineFailed = options.engineFailed ?? ENGINE_FAILED[problem];
  }
}

export type UnavailableReason = EngineProblem | 'breaker_open';

/** Without a decision the upload is refused. @param retryAfter seconds. */
export function unavailable(reason: UnavailableReason, retryAfter: number, cause?: unknown): Failure {
  const code = cause instanceof EngineError ? cause.code : undefined;
  return new Failure('policy_unavailable', code && messageWithCause('policy_unavailable', code), {
    reason,
    detail: code && `No response of the policy engine: ${code}.`,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) },
    cause,
  });
}

/** The limit of concurrent queries is reached, and no slot became free in time. */
export const busy = (): Failure =>
  new Failure('overloaded', 'Too many authorization queries are waiting. Retry later.', { reason: 'engine_busy' });
