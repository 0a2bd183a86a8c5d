/** The root cause of a failed connection in the words of a response: without names, addresses and codes of this process. */
import { FAILURES, type FailureType } from './failures.ts';

/** By the code of the error: those of Node.js, of OpenSSL and of undici. The first that matches applies. */
const CAUSES: readonly (readonly [codes: RegExp, words: string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the host name has no address'],
  [/^ECONNREFUSED$/, 'the connection was refused'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'the connection was reset'],
  [/^(EHOSTUNREACH|ENETUNREACH)$/, 'there is no route'],
  [/^(ETIMEDOUT|UND_ERR_\w+_TIMEOUT)$/, 'a timeout'],
  [/^(EPROTO|ERR_SSL_)/, 'the TLS handshake failed'],
  [/CERT|^(DEPTH_|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH|INVALID_CA)/, 'the certificate is not accepted'],
];

/** The message of a type, with the cause if there are words for its code. */
export function messageWithCause(type: FailureType, code: string): string {
  const words = CAUSES.find(([codes]) => codes.test(code))?.[1];
  const { message } = FAILURES[type];
  return words === undefined ? message : `${message} Cause: ${words}.`;
}
