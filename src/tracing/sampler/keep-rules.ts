/** Which traces are kept for what became of them, although the sampler had said no when they began. */
import { SpanStatusCode } from '@opentelemetry/api';
import type { RecordingSpan } from '../recorder/recording-span.ts';

export interface KeepRules {
  /** Failures of the gateway, the store or the connection: status Error. */
  readonly errors: boolean;
  /** Requests that were refused because of who asked: 401 and 403. */
  readonly denied: boolean;
  /** Seconds; undefined is no reason. */
  readonly slowerThanSeconds: number | undefined;
  /** Bytes of an object; undefined is no reason. */
  readonly largerThanBytes: number | undefined;
}

export const KEEP_REASONS = ['kept_error', 'kept_denied', 'kept_slow', 'kept_large'] as const;
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
  if (rules.errors && root.statusCode === SpanStatusCode.ERROR) return 'kept_error';
  const status = attribute(root, 'http.response.status_code') ?? attribute(root, 'http.status_code');
  if (rules.denied && (status === 401 || status === 403)) return 'kept_denied';
  const { slowerThanSeconds, largerThanBytes } = rules;
  if (slowerThanSeconds !== undefined && (root.endTime - root.start) / 1e9 > slowerThanSeconds) return 'kept_slow';
  if (largerThanBytes === undefined) return undefined;
  const isLarge = (span: RecordingSpan) => Number(attribute(span, 'upload.received_bytes') ?? 0) > largerThanBytes;
  return spans.some(isLarge) ? 'kept_large' : undefined;
}

function attribute({ attributes }: RecordingSpan, key: string): unknown {
  return attributes.get(key);
}
