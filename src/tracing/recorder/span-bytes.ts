/** Estimate of the memory of a span that has ended. */
import type { RecordingSpan } from './recording-span.ts';

/** Size of a span without its attributes, in bytes: as measured, rounded up. */
const SPAN_BYTES = 600;
/** Size of the name or the time of an event, in bytes. */
const MARK_BYTES = 16;

export function spanBytes({ attributes, marks }: RecordingSpan): number {
  return SPAN_BYTES + attributes.bytes + MARK_BYTES * (marks?.length ?? 0);
}
