/** What a store says when it refuses: its XML error read, and turned into what the client may be told. */
import { SaxesParser } from 'saxes';
import { Failure } from '../domain/failure.ts';
import type { FailureType } from '../domain/failures.ts';
import type { StoreAnswer } from './exchange.ts';
import { errorHeadersForClient } from './header-allow-list.ts';
import {
  CODES_BY_STATUS,
  CODES_OF_HEAD,
  HEAD_FORBIDDEN,
  PASSED_ERRORS,
  type PassedError,
  REFUSES_GATEWAY,
  REFUSES_GATEWAY_BY_STATUS,
  SUCCESSES,
  SUCCESSES_OF_HEAD,
} from './store-answers.ts';
import type { StoreCall } from './store-call.ts';

/** The most that the operator is told of the store's own words, in characters. */
const MAX_DETAIL = 1_000;

export interface StoreError {
  readonly code: string;
  readonly message: string;
}

/** What a store says to a request whose `x-amz-expected-bucket-owner` does not own the bucket; it says the same to a gateway without rights. */
const OTHER_OWNER: PassedError = {
  status: 403,
  message:
    'The store denied access. Check x-amz-expected-bucket-owner: it must name the account that owns the bucket at the store.',
};

/**
 * The answer as a failure if it is one, an `<Error>` inside a 200 included (CompleteMultipartUpload, API Reference). The client is
 * told what the table of answers says; the store's own words are the detail, for the operator.
 */
export function failureOfAnswer(
  answer: StoreAnswer,
  { operation, headers }: Pick<StoreCall, 'operation' | 'headers'>,
): Failure | undefined {
  const isHead = operation === 'HeadObject';
  const success = (isHead ? SUCCESSES_OF_HEAD : SUCCESSES).has(answer.status);
  if (success && !answer.body.includes('<Error')) return undefined;
  const error = readStoreError(answer.body);
  if (success && error === undefined) return undefined;
  const code = error?.code ?? (isHead ? CODES_OF_HEAD : CODES_BY_STATUS)[answer.status];
  const isDenied = code === 'AccessDenied' || (code === undefined && answer.status === 403);
  if (isDenied && headers['x-amz-expected-bucket-owner'] !== undefined)
    return passedOn(OTHER_OWNER, 'AccessDenied', answer, error);
  const passed = code !== undefined && Object.hasOwn(PASSED_ERRORS, code) ? PASSED_ERRORS[code] : undefined;
  if (passed !== undefined) return passedOn(passed, code!, answer, error);
  return oursInstead(answer, error, isHead && answer.status === 403 ? HEAD_FORBIDDEN : undefined);
}

function passedOn(
  { status, code: name, message, type }: PassedError,
  code: string,
  answer: StoreAnswer,
  error: StoreError | undefined,
): Failure {
  const headers = errorHeadersForClient(answer.headers);
  const options = { code: name ?? code, status, headers, detail: detailOf(answer, error) };
  return new Failure(type ?? 'store_error', message, options);
}

/** What only the operator can mend, and what no S3 store says. */
function oursInstead(answer: StoreAnswer, error: StoreError | undefined, said?: PassedError): Failure {
  const headers = errorHeadersForClient(answer.headers);
  const type = typeOf(answer, error?.code);
  const reason = error !== undefined && REFUSES_GATEWAY.has(error.code) ? error.code : undefined;
  const options = { headers, detail: detailOf(answer, error), ...(reason !== undefined && { reason }) };
  if (said !== undefined) return new Failure(type, said.message, { ...options, ...codeAndStatus(said) });
  if (type !== 'store_error') return new Failure(type, undefined, options);
  return new Failure(type, undefined, { ...options, code: 'BadGateway', status: 502 });
}

const codeAndStatus = ({ code, status }: PassedError) => ({ status, ...(code !== undefined && { code }) });

function typeOf({ status }: StoreAnswer, code: string | undefined): FailureType {
  if (code !== undefined && (REFUSES_GATEWAY.has(code) || code.startsWith('KMS.'))) return 'store_refused_gateway';
  if (status >= 300 && status < 400) return 'store_refused_gateway';
  if (code === undefined && REFUSES_GATEWAY_BY_STATUS.has(status)) return 'store_refused_gateway';
  return status >= 400 && status < 600 ? 'store_error' : 'store_invalid_answer';
}

function detailOf({ status }: StoreAnswer, error: StoreError | undefined): string {
  if (error === undefined) return `The store gave no reason for its status ${status}.`;
  return `${error.code}: ${error.message}`.slice(0, MAX_DETAIL);
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
