/** Estimate of the memory of a span that has ended. */
import type { RecordingSpan } from './recording-span.ts';

/** Size of a span without its attributes, in bytes: as measured, rounded up. */
const SPAN_BYTES = 600;
/** Size of the name or the time of an event, in bytes. */
const EVENT_BYTES = 16;

export function spanBytes({ attributes, events }: RecordingSpan): number {
  return SPAN_BYTES + attributes.bytes + EVENT_BYTES * (events?.length ?? 0);
}
