/** The errors of a connection to a store as failures. */
import { Failure } from '../domain/failure.ts';
import { errorCode, isUnreachable } from '../kit/connection-error.ts';

const TIMED_OUT = new Set(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const INVALID = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);
const TLS = /^(ERR_TLS|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/;

export function transportFailure(error: Error): Failure {
  if (error instanceof Failure) return error;
  const code = errorCode(error);
  if (isUnreachable(code) || TLS.test(code)) {
    const detail = `No connection to the store: ${code}.`;
    return new Failure('store_unreachable', undefined, { cause: error, detail });
  }
  if (TIMED_OUT.has(code)) return new Failure('store_timeout', undefined, { cause: error });
  if (INVALID.has(code) || code.startsWith('HPE_')) {
    return new Failure('store_invalid_answer', undefined, { cause: error });
  }
  return new Failure('store_reset', undefined, { cause: error });
}

/** The gateway waits no longer for the response to a request that was sent completely. */
export function unsettled({ type }: Failure): Failure {
  const who = type === 'shutting_down' ? 'The gateway shut down' : 'The client closed the connection';
  const message = `${who} before the store responded. Whether the upload is stored is unknown.`;
  return new Failure(type, message, { reason: 'store_response_unknown', outcome: 'unknown' });
}

export const respondedTooEarly = (): Failure =>
  new Failure('store_invalid_answer', 'The store responded with success before it had received the whole object.');
