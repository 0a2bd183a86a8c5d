/** Attributes that tell why a span failed, or why it did not although its request did. */

export const ERROR_REASON = {
  'error.reason': {
    type: 'string',
    when: 'on failure, if known',
    prose: 'The root cause in one word, such as `ECONNREFUSED`; `error_reason` of the log line.',
  },
} as const;

export const CANCELLATION = {
  's3.cancellation_reason': {
    type: 'string',
    when: 'if the gateway cancelled the attempt',
    prose:
      'The `error.type` for which the gateway cancelled the attempt, such as `client_aborted`. It is not an error of the store: the status is unset.',
  },
} as const;
