/**
 * Injected faults for tests, as data. The plan is an option of `startStore`, not of the command line. Only requests with a
 * valid signature get a fault.
 */
import type { ErrorAnswer } from './s3-error.ts';

/** `head`: before the body is read. `body`: the body is read, and the object not stored. `answer`: before the response. */
export type Stage = 'head' | 'body' | 'answer';

export type Fault =
  /** Responds with an error of any status: 307 with a `location`, or 200, as in CompleteMultipartUpload. */
  | ({ readonly kind: 'refuse'; readonly at: 'head' | 'body' } & ErrorFields)
  /** Resets the connection at a stage, or after a number of body bytes. */
  | { readonly kind: 'reset'; readonly at: Stage | number }
  /** Waits until the promise resolves, then continues. */
  | { readonly kind: 'hang'; readonly at: Stage; readonly until: Promise<unknown> }
  /** Called before each chunk of the body (at most 64 KiB) is read, with the number of bytes so far. */
  | { readonly kind: 'slow-read'; readonly turn: (bytes: number) => Promise<unknown> }
  /** Sends status 200 and white space, then, when the promise resolves, the response or an error. */
  | {
      readonly kind: 'white-space';
      readonly spaces: number;
      readonly until: Promise<unknown>;
      readonly error?: ErrorFields;
    }
  /** Sends half of the response and closes the connection. */
  | { readonly kind: 'half-answer' }
  /** Responds normally, and resets the connection at the next request. */
  | { readonly kind: 'stale-connection' };

type ErrorFields = Pick<ErrorAnswer, 'code' | 'status'> & Partial<Pick<ErrorAnswer, 'message' | 'headers'>>;

export interface FaultRule {
  /** The conditions for the fault; an absent field matches every request. */
  readonly on?: Partial<FaultTarget>;
  /** The number of matching requests to let pass first. */
  readonly skip?: number;
  /** The maximum number of requests with the fault. Defaults to no maximum. */
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

  /** The fault for this request, if any: the first matching rule. */
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

/** The error of the rule. */
export function faultError({ code, status, message, headers }: ErrorFields): ErrorAnswer {
  return { code, status, message: message ?? 'Injected fault.', headers: headers ?? {} };
}
