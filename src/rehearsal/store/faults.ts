/**
 * Faults on command, for tests: which requests meet one, and what it is, as data. A plan comes in through an option of
 * `startStore`; the command line has no way to it. Only a request with a good signature meets a fault: a store that fails
 * is no less strict.
 */
import type { ErrorAnswer } from './s3-error.ts';

/** `head`: nothing of the body is read. `body`: all of it has come, nothing is stored. `answer`: all is done but the answer. */
export type Stage = 'head' | 'body' | 'answer';

export type Fault =
  /** Answers an error, whatever its status: 307 with a `location`, or 200, as S3 may do at CompleteMultipartUpload. */
  | ({ readonly kind: 'refuse'; readonly at: 'head' | 'body' } & ErrorFields)
  /** Resets the connection at a stage, or when so many bytes of the body have come. */
  | { readonly kind: 'reset'; readonly at: Stage | number }
  /** Does nothing more until the promise resolves; then goes on as if nothing had been. */
  | { readonly kind: 'hang'; readonly at: Stage; readonly until: Promise<unknown> }
  /** Asks before each piece of the body (64 KiB at most) whether to read it, and says how many bytes it has. */
  | { readonly kind: 'slow-read'; readonly turn: (bytes: number) => Promise<unknown> }
  /** Sends status 200 and white space, then, when the promise resolves, the answer, or an error in its place. */
  | {
      readonly kind: 'white-space';
      readonly spaces: number;
      readonly until: Promise<unknown>;
      readonly error?: ErrorFields;
    }
  /** Sends half of the answer and closes the connection. */
  | { readonly kind: 'half-answer' }
  /** Answers well and keeps the connection; resets it as soon as the next request comes. */
  | { readonly kind: 'stale-connection' };

type ErrorFields = Pick<ErrorAnswer, 'code' | 'status'> & Partial<Pick<ErrorAnswer, 'message' | 'headers'>>;

export interface FaultRule {
  /** What a request must be to meet the fault; without a field, whatever it is. */
  readonly on?: Partial<FaultTarget>;
  /** Lets so many requests of this kind pass first. */
  readonly skip?: number;
  /** Meets so many requests; without it, all. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface FaultTarget {
  readonly operation: string;
  readonly key: string;
  readonly partNumber: number | undefined;
}

export class FaultPlan {
  #rules: { readonly rule: FaultRule; seen: number }[] = [];

  constructor(rules: readonly FaultRule[] = []) {
    for (const rule of rules) this.add(rule);
  }

  add(rule: FaultRule): void {
    this.#rules.push({ rule, seen: 0 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault that this request meets, if any. The first rule that fits counts. */
  take(target: FaultTarget): Fault | undefined {
    for (const entry of this.#rules) {
      const { on = {}, skip = 0, times = Number.POSITIVE_INFINITY, fault } = entry.rule;
      if (!fits(on, target)) continue;
      const turn = entry.seen++;
      if (turn >= skip && turn < skip + times) return fault;
    }
    return undefined;
  }
}

function fits(on: Partial<FaultTarget>, target: FaultTarget): boolean {
  return (Object.keys(on) as (keyof FaultTarget)[]).every((name) => on[name] === target[name]);
}

/** An error as the rule describes it. */
export function faultError({ code, status, message, headers }: ErrorFields): ErrorAnswer {
  return { code, status, message: message ?? 'A fault on command.', headers: headers ?? {} };
}
