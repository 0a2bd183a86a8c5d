/** Why spans are lost: a closed set, each with its meaning. Metrics and docs are made from it. */

export const DROP_REASONS = {
  queue_full: 'The queue held as many spans, or as many bytes, as it may.',
  rejected: 'The collector refused them, in part or as a whole, in a way that sending again does not mend.',
  deadline: 'The collector was unreachable or asked to wait until the batch was too old.',
  shutdown: 'The gateway ended before they were delivered, or they ended after it had.',
  too_large: 'One span was larger than a collector takes, by its own word or as a rule.',
  unencodable: 'One span held something that could not be encoded.',
  fallback_failed: 'They were to be written to the fallback, which could not be written.',
  exporter_crashed: 'The exporter thread died with them.',
} as const;

export type DropReason = keyof typeof DROP_REASONS;
