/** Tail sampling: which traces are kept by their outcome, although the sampler did not keep them at their start. */
import type { RecordingSpan } from '../recorder/recording-span.ts';

export interface KeepRules {
  /** Failed requests, except those of `denied`; and failed calls of successful requests. */
  readonly errors: boolean;
  /** Requests with status 401 or 403. */
  readonly denied: boolean;
  /** Seconds; undefined disables the rule. */
  readonly slowerThanSeconds: number | undefined;
  /** Bytes of an object; undefined disables the rule. */
  readonly largerThanBytes: number | undefined;
}

const KEEP_REASONS = ['kept_error', 'kept_denied', 'kept_slow', 'kept_large'] as const;
export type KeepReason = (typeof KEEP_REASONS)[number];

/**
 * @param root the local root, which has ended. @param spans all of the trace that have ended in this process.
 * @returns the first reason to keep it.
 */
export function reasonToKeep(
  rules: KeepRules,
  root: RecordingSpan,
  spans: readonly RecordingSpan[],
): KeepReason | undefined {
  const failure = rules.errors || rules.denied ? failureOf(rules, root, spans) : undefined;
  if (failure !== undefined) return failure;
  const { slowerThanSeconds, largerThanBytes } = rules;
  if (slowerThanSeconds !== undefined && (root.endTime - root.start) / 1e9 > slowerThanSeconds) return 'kept_slow';
  if (largerThanBytes === undefined) return undefined;
  const isLarge = (span: RecordingSpan) => Number(attribute(span, 'upload.received_bytes') ?? 0) > largerThanBytes;
  return spans.some(isLarge) ? 'kept_large' : undefined;
}

function failureOf({ errors, denied }: KeepRules, root: RecordingSpan, spans: readonly RecordingSpan[]) {
  if (errors && root.isFailed) return 'kept_error';
  if (attribute(root, 'error.type') === undefined) return errors && spans.some(isFailedCall) ? 'kept_error' : undefined;
  const status = attribute(root, 'http.response.status_code') ?? attribute(root, 'http.status_code');
  if (status === 401 || status === 403) {
    // The store has refused the gateway, not the gateway its caller.
    if (errors && spans.some(isFailedCall)) return 'kept_error';
    return denied ? 'kept_denied' : undefined;
  }
  const asked = isAnswerNo(root, status);
  return errors && (!asked || spans.some(isFailedOtherwise)) ? 'kept_error' : undefined;
}

/** An attempt at the store or a policy engine, not an internal span of a refusal. */
function isFailedCall({ kind, isFailed }: RecordingSpan): boolean {
  return isFailed && kind === 'client';
}

/** Except the 404 of a missing object. */
function isFailedOtherwise(span: RecordingSpan): boolean {
  return (
    isFailedCall(span) && (attribute(span, 'http.response.status_code') ?? attribute(span, 'http.status_code')) !== 404
  );
}

/** A HEAD for a missing object: many clients send it before every upload, and expect the 404. */
function isAnswerNo(root: RecordingSpan, status: unknown): boolean {
  return status === 404 && (attribute(root, 'http.request.method') ?? attribute(root, 'http.method')) === 'HEAD';
}

function attribute({ attributes }: RecordingSpan, key: string): unknown {
  return attributes.get(key);
}
