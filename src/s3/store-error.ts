/** What a store says when it refuses: its XML error read, and turned into what the client may be told. */
import { SaxesParser } from 'saxes';
import { Failure } from '../domain/failure.ts';
import type { StoreAnswer } from './exchange.ts';
import { headersForClient } from './header-allow-list.ts';

/** Codes by which a store refuses the gateway's own signature or address: nothing that the client could mend. */
const REFUSES_GATEWAY = new Set([
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'PermanentRedirect',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TemporaryRedirect',
  'TokenRefreshRequired',
]);

/** Codes by which a store says that the bytes are not those that the client promised: its checks are part of ours. */
const BYTES_ARE_WRONG = new Set([
  'BadDigest',
  'InvalidDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);

/** Longest message of a store that is passed on, in characters: it goes into a span and a log line as well. */
const MAX_MESSAGE = 1_000;

export interface StoreError {
  readonly code: string;
  readonly message: string;
}

/**
 * The answer as a failure if it is one, an `<Error>` inside a 200 included (CompleteMultipartUpload, API Reference).
 * @param forClient puts the names that the client knows into the store's words.
 */
export function failureOfAnswer(answer: StoreAnswer, forClient: (text: string) => string): Failure | undefined {
  const success = answer.status >= 200 && answer.status < 300;
  if (success && !answer.body.includes('<Error')) return undefined;
  const error = readStoreError(answer.body);
  if (success && error === undefined) return undefined;
  const headers = headersForClient(answer.headers);
  if (error !== undefined && REFUSES_GATEWAY.has(error.code)) {
    return new Failure('store_refused_gateway', `The store refused the gateway's request: ${error.code}.`, { headers });
  }
  if (answer.status >= 300 && answer.status < 400) {
    return new Failure('store_refused_gateway', 'The store answered with a redirect.', { headers });
  }
  const status = success ? statusOfErrorInSuccess(error?.code) : answer.status;
  const code = error?.code ?? codeOfStatus(answer.status);
  const type = BYTES_ARE_WRONG.has(code) ? 'checksum_mismatch' : 'store_error';
  const message = error === undefined ? 'The store gave no reason.' : messageFor(error.message, forClient);
  return new Failure(type, message, { code, status, headers });
}

/** Cut before the names are put in as well: a short name that occurs often would make it as long as the store likes. */
function messageFor(message: string, forClient: (text: string) => string): string {
  return forClient(message.slice(0, 4 * MAX_MESSAGE)).slice(0, MAX_MESSAGE);
}

/** Code and message of an `<Error>` document; undefined if it is not one. */
export function readStoreError(xml: string): StoreError | undefined {
  const fields = new Map<string, string>();
  const path: string[] = [];
  const parser = new SaxesParser();
  // The first error ends it: the parser would go on, and make an error of every further character.
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => void path.push(tag.name));
  parser.on('text', (text) => {
    if (path.length === 2 && path[0] === 'Error') fields.set(path[1]!, (fields.get(path[1]!) ?? '') + text);
  });
  parser.on('closetag', () => void path.pop());
  try {
    parser.write(xml).close();
  } catch {
    return undefined;
  }
  const code = fields.get('Code')?.trim();
  if (code === undefined || !/^[A-Za-z0-9.]{1,100}$/.test(code)) return undefined;
  return { code, message: fields.get('Message')?.trim() ?? code };
}

/** An error that arrives after the status line has a status only by its meaning. */
function statusOfErrorInSuccess(code: string | undefined): number {
  if (code === 'SlowDown' || code === 'ServiceUnavailable') return 503;
  return code === 'InternalError' || code === undefined ? 500 : 400;
}

function codeOfStatus(status: number): string {
  if (status === 412) return 'PreconditionFailed';
  if (status === 404) return 'NoSuchKey';
  if (status === 403) return 'AccessDenied';
  return status === 503 ? 'ServiceUnavailable' : 'InternalError';
}
