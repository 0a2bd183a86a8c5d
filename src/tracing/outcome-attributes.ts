/** Attributes of attempts and failures: the root cause, the pause before another attempt, and the reason of a cancellation. */

export const ERROR_REASON = {
  'error.reason': {
    type: 'string',
    when: 'on failure, if known',
    prose: 'The root cause in one word, such as `ECONNREFUSED`; `error_reason` of the log line.',
  },
} as const;

export const ERROR_DETAIL = {
  'mizuchi.error.detail': {
    type: 'string',
    when: 'on failure, if known',
    prose:
      'The cause in the words of another program, such as the message of the store; `error_detail` of the log line. Never in the response.',
  },
} as const;

export const RETRY_WAIT = {
  's3.retry_wait_seconds': {
    type: 'double',
    unit: 's',
    when: 'if it waited',
    prose:
      'The pause between the attempt before this one and this span, before it waited for a connection; not time of the store.',
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
