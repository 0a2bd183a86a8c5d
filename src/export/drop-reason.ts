/** Why items (spans, metrics, log records) are dropped: a closed set, each with its meaning. Metrics and docs are made from it. */

export const DROP_REASONS = {
  queue_full: 'The queue was at its limit of spans or bytes.',
  rejected: 'The collector rejected them, in part or as a whole, with an error that is not retryable.',
  deadline: 'The collector was unreachable, or sent Retry-After, until the batch was too old.',
  shutdown: 'The gateway ended before they were delivered, or they ended after it had.',
  too_large: 'One span was larger than a collector accepts, by its response or as a rule.',
  unencodable: 'One span held a value that could not be encoded.',
  fallback_failed: 'They were meant for the fallback, which could not be written.',
  exporter_crashed: 'The exporter thread died with them.',
} as const;

export type DropReason = keyof typeof DROP_REASONS;
