/** The errors of a connection to a store as failures. */
import { Failure } from '../domain/failure.ts';
import type { FailureType } from '../domain/failures.ts';
import { messageWithCause } from '../domain/root-cause.ts';
import { ConnectionFailed, errorCode } from '../kit/connection-error.ts';

const TIMED_OUT = new Set(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const INVALID = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);
/** The other end does not speak TLS: OpenSSL reads its bytes as a record of TLS. */
const NO_TLS = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

export function transportFailure(error: Error): Failure {
  if (error instanceof Failure) return error;
  const code = errorCode(error);
  const type = typeOf(error, code);
  const options = { cause: error, reason: code, detail: detailOf(type, code) };
  return new Failure(type, messageWithCause(type, code), options);
}

function typeOf(error: Error, code: string): FailureType {
  // The same codes on an established connection mean that it was lost, and the store may have the request.
  if (error instanceof ConnectionFailed) return 'store_unreachable';
  if (TIMED_OUT.has(code)) return 'store_timeout';
  return INVALID.has(code) || code.startsWith('HPE_') ? 'store_invalid_answer' : 'store_reset';
}

function detailOf(type: FailureType, code: string): string | undefined {
  if (type !== 'store_unreachable') return undefined;
  const hint = NO_TLS.has(code) ? ' The store does not use TLS at this port: use http:// in the endpoint.' : '';
  return `No connection to the store: ${code}.${hint}`;
}

/** The reason of a failure whose outcome the gateway did not await. */
export const RESPONSE_UNKNOWN = 'store_response_unknown';

/** The gateway waits no longer for the response to a request that was sent completely. */
export function unsettled({ type }: Failure): Failure {
  const who = type === 'shutting_down' ? 'The gateway shut down' : 'The client closed the connection';
  const message = `${who} before the store responded. Whether the upload is stored is unknown.`;
  return new Failure(type, message, { reason: RESPONSE_UNKNOWN, outcome: 'unknown' });
}

export const respondedTooEarly = (): Failure =>
  new Failure('store_invalid_answer', 'The store responded with success before it had received the whole object.');
