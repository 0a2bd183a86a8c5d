/** The rows of the table of failures that a store causes: it fails, or it reports an error of the client or of the gateway. */
import { type FailureShape, RETRY_AFTER } from './failure-shape.ts';

export const STORE_FAILURES = {
  no_such_key: {
    code: 'NoSuchKey',
    status: 404,
    side: 'client',
    message: 'There is no object with this key.',
  },
  condition_failed: {
    code: 'PreconditionFailed',
    status: 412,
    side: 'client',
    message: 'A condition of the request does not hold, or another request is changing the same object.',
  },
  refused_by_store: {
    code: 'InvalidRequest',
    status: 400,
    side: 'client',
    message: 'The store does not accept this request. The S3 code is the one of the store.',
  },
  store_unreachable: {
    code: 'ServiceUnavailable',
    status: 503,
    side: 'store',
    message: 'The store is unreachable. Retry later.',
    retryAfter: RETRY_AFTER,
  },
  store_reset: {
    code: 'BadGateway',
    status: 502,
    side: 'store',
    message: 'The store closed the connection before it responded.',
    outcomeUnknown: true,
  },
  store_timeout: {
    code: 'GatewayTimeout',
    status: 504,
    side: 'store',
    message: 'The store did not respond in time.',
    outcomeUnknown: true,
    limits: ['s3.connect_timeout_seconds', 's3.stall_timeout_seconds', 's3.answer_timeout_seconds'],
  },
  store_invalid_answer: {
    code: 'BadGateway',
    status: 502,
    side: 'store',
    message: 'The store sent a response that is not a response of S3.',
    outcomeUnknown: true,
    limits: ['fixed.store_response_bytes'],
  },
  store_received_other_bytes: {
    code: 'BadGateway',
    status: 502,
    side: 'store',
    message: 'The store received other bytes than the gateway sent, and did not store them. Retry the request.',
  },
  store_refused_gateway: {
    code: 'BadGateway',
    status: 502,
    side: 'gateway',
    message: 'The store refused a request of the gateway itself. The operator of the gateway has to fix this.',
  },
  store_error: { code: 'InternalError', status: 500, side: 'store', message: 'The store reported an error.' },
} as const satisfies Record<string, FailureShape>;
