/** Why a policy engine gave no answer, as one closed set. */
import { Failure } from '../domain/failure.ts';

/** Whether the engine itself seems to be unwell: only then the breaker counts it. */
export const ENGINE_IS_UNWELL = {
  engine_unreachable: true,
  engine_timeout: true,
  engine_reset: true,
  engine_failed: true,
  engine_redirected: true,
  engine_answer_too_large: true,
  engine_answer_not_json: true,
  /** It lives, and refuses this question: the next one may be well. */
  engine_refused: false,
} as const;

export type EngineTrouble = keyof typeof ENGINE_IS_UNWELL;

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly trouble: EngineTrouble;
  /** HTTP status, where the engine answered. */
  readonly status: number | undefined;

  readonly engineIsUnwell: boolean;

  /** @param options.engineIsUnwell where that does not follow from the trouble. */
  constructor(
    trouble: EngineTrouble,
    options: { status?: number | undefined; engineIsUnwell?: boolean | undefined; cause?: unknown } = {},
  ) {
    super(trouble, { cause: options.cause });
    this.trouble = trouble;
    this.status = options.status;
    this.engineIsUnwell = options.engineIsUnwell ?? ENGINE_IS_UNWELL[trouble];
  }
}

export type UnavailableReason = EngineTrouble | 'breaker_open';

/** What cannot be found out is not allowed. @param retryAfter seconds. */
export function unavailable(reason: UnavailableReason, retryAfter: number, cause?: unknown): Failure {
  return new Failure('policy_unavailable', undefined, {
    reason,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) },
    cause,
  });
}

/** The engine is asked as much as it may be; whoever waited for a turn got none. */
export const busy = (): Failure =>
  new Failure('overloaded', 'Too many authorization queries are waiting; try again soon.', { reason: 'engine_busy' });
