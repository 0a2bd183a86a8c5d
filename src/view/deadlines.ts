/** The timeouts that can end an upload while it waits, by the cause of the wait. */
import { configuredEngines } from '../authz/engines.ts';
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { RequestRecord } from '../gateway/stages.ts';
import type { Deadline } from './documents.ts';

interface Timeout {
  readonly name: string;
  readonly setting: string;
  readonly seconds: number;
}

/** Of a request that has no bucket yet. */
const FORM: Timeout = {
  name: 'form fields',
  setting: 'fixed.form_reading_seconds',
  seconds: FIXED_LIMITS.form_reading_seconds,
};

/** The timeouts of requests for one bucket. */
export interface Timeouts {
  readonly client: Timeout;
  readonly memory: Timeout;
  readonly connection: Timeout;
  /** While the store does not read. */
  readonly stall: Timeout;
  /** While the store has the whole request. */
  readonly response: Timeout;
  /** Undefined without a policy engine. */
  readonly policy: Timeout | undefined;
}

export function timeoutsOf({ server, upload }: Config, { name, s3, authz }: BucketConfig): Timeouts {
  const ofStore = (what: string, setting: keyof typeof s3 & `${string}_seconds`): Timeout => ({
    name: what,
    setting: `buckets.${name}.s3.${setting}`,
    seconds: s3[setting],
  });
  return {
    client: {
      name: 'client idle',
      setting: 'server.body_idle_timeout_seconds',
      seconds: server.body_idle_timeout_seconds,
    },
    memory: { name: 'part memory', setting: 'upload.memory_wait_seconds', seconds: upload.memory_wait_seconds },
    connection: {
      name: 'store connection',
      setting: 'fixed.store_line_seconds',
      seconds: FIXED_LIMITS.store_line_seconds,
    },
    stall: ofStore('store stalled', 'stall_timeout_seconds'),
    response: ofStore('store response', 'answer_timeout_seconds'),
    policy: policyTimeout(name, authz),
  };
}

/** Several engines are queried one after the other. */
function policyTimeout(bucket: string, authz: BucketConfig['authz']): Timeout | undefined {
  const engines = configuredEngines(authz);
  if (engines.length === 0) return undefined;
  const names = engines.map(({ engine }) => `buckets.${bucket}.authz.${engine.name}.timeout_seconds`);
  const seconds = engines.reduce((sum, { options }) => sum + options.timeout_seconds, 0);
  return { name: 'policy decision', setting: names.join(', '), seconds };
}

/** @param now as `performance.now()`. @returns null while the request waits for nothing, or nothing limits the wait. */
export function deadlineOf(record: RequestRecord, timeouts: Timeouts | undefined, now: number): Deadline | null {
  const wait = record.transfer.currentWait;
  if (wait === undefined) return null;
  const timeout = record.stage === 'form' ? FORM : timeouts && timeoutOf(record, wait.cause, timeouts);
  if (timeout === undefined) return null;
  const elapsed_seconds = Math.max(0, now - wait.since) / 1000;
  const { name, setting, seconds: limit_seconds } = timeout;
  // A query also waits in a line, whose limit is separate.
  if (wait.cause === 'policy' && elapsed_seconds > limit_seconds)
    return { name, setting, elapsed_seconds, limit_seconds: limit_seconds + FIXED_LIMITS.engine_line_seconds };
  return { name, setting, elapsed_seconds, limit_seconds };
}

function timeoutOf({ transfer }: RequestRecord, cause: string, timeouts: Timeouts): Timeout | undefined {
  switch (cause) {
    case 'client':
    case 'memory':
    case 'connection':
    case 'policy':
      return timeouts[cause];
    default:
      // Each part of a split object has a timeout, which began with its own attempt.
      if (transfer.way === 'split') return undefined;
      return transfer.way === undefined || transfer.lastByteAt !== undefined ? timeouts.response : timeouts.stall;
  }
}
