/** The errors of a store: parses the XML, and translates it into an error for the client. */
import { checksumRowOf } from '../domain/checksums.ts';
import { Failure, type FailureOptions } from '../domain/failure.ts';
import type { FailureType } from '../domain/failures.ts';
import { promiseOfHeader } from '../domain/promise-names.ts';
import { errorHeadersForClient } from './header-allow-list.ts';
import type { StoreCall } from './store-call.ts';
import { readStoreDocument } from './store-document.ts';
import {
  CODES_BY_STATUS,
  CODES_OF_HEAD,
  HEAD_FORBIDDEN,
  OTHER_BYTES,
  PASSED_ERRORS,
  type PassedError,
  REFUSES_CREDENTIALS,
  REFUSES_GATEWAY,
  REFUSES_GATEWAY_BY_STATUS,
  SUCCESSES,
  SUCCESSES_OF_HEAD,
} from './store-responses.ts';
import type { StoreResponse } from './store-transport.ts';

/** Longest part of the store's own message in the log, in characters. */
const MAX_DETAIL = 1_000;

export interface StoreError {
  readonly code: string;
  readonly message: string;
}

/** The response to a request whose `x-amz-expected-bucket-owner` does not own the bucket; a gateway without permission gets the same. */
const OTHER_OWNER: PassedError = {
  status: 403,
  message:
    'The store denied access. Check x-amz-expected-bucket-owner: it must name the account that owns the bucket at the store.',
};

type FailedCall = Pick<StoreCall, 'operation' | 'headers' | 'body' | 'payloadHash' | 'verifiedHere'>;

/**
 * The response as a failure if it is one, an `<Error>` inside a 200 included (CompleteMultipartUpload, API Reference). The
 * client gets the message of our table; the store's own message is the detail, for the operator.
 */
export function failureOfResponse(response: StoreResponse, call: FailedCall): Failure | undefined {
  const { operation, headers } = call;
  const isHead = operation === 'HeadObject';
  const success = (isHead ? SUCCESSES_OF_HEAD : SUCCESSES).has(response.status);
  if (success && !response.body.includes('<Error')) return undefined;
  const error = readStoreError(response.body);
  if (success && error === undefined) return undefined;
  const code = error?.code ?? (isHead ? CODES_OF_HEAD : CODES_BY_STATUS)[response.status];
  const isDenied = code === 'AccessDenied' || (code === undefined && response.status === 403);
  if (isDenied && headers['x-amz-expected-bucket-owner'] !== undefined)
    return passedOn(OTHER_OWNER, 'AccessDenied', response, error);
  if (code !== undefined && OTHER_BYTES.has(code) && !mayBeWrong(code, call))
    return new Failure('store_received_other_bytes', undefined, optionsOf(response, error));
  const passed = code !== undefined && Object.hasOwn(PASSED_ERRORS, code) ? PASSED_ERRORS[code] : undefined;
  if (passed !== undefined) return passedOn(ofCall(passed, call), code!, response, error);
  return ownFailure(response, error, isHead && response.status === 403 ? HEAD_FORBIDDEN : undefined);
}

/**
 * Whether the client's own promise may be wrong, because only the store verifies it: one that the gateway leaves to the store, the
 * checksum of an algorithm that the gateway does not have, or that of an object from parts of the client.
 */
function mayBeWrong(code: string, { operation, headers, payloadHash, verifiedHere = true }: FailedCall): boolean {
  if (code === 'IncompleteBody') return false;
  if (!verifiedHere) return payloadHash !== 'UNSIGNED-PAYLOAD' || Object.keys(headers).some(isPromise);
  const sent = Object.keys(headers).flatMap((name) => checksumRowOf(name) ?? []);
  return operation === 'CompleteMultipartUpload' ? sent.length > 0 : sent.some(({ verified }) => !verified);
}

const isPromise = (header: string): boolean => promiseOfHeader(header) !== undefined;

/** A body that is in memory does not wait for the client. */
function ofCall(passed: PassedError, { body }: Pick<StoreCall, 'body'>): PassedError {
  const isStreamed = body !== undefined && 'stream' in body;
  return passed.type === 'client_stalled' && !isStreamed ? { ...passed, type: 'store_error' } : passed;
}

function passedOn(
  { status, code: name, message, type }: PassedError,
  code: string,
  response: StoreResponse,
  error: StoreError | undefined,
): Failure {
  const options = { ...optionsOf(response, error), code: name ?? code, status };
  return new Failure(type ?? 'refused_by_store', message, options);
}

/** Errors that only the operator can fix, and responses that no S3 store sends. */
function ownFailure(response: StoreResponse, error: StoreError | undefined, row?: PassedError): Failure {
  const type = typeOf(response, error?.code);
  const reason = error !== undefined && REFUSES_GATEWAY.has(error.code) ? error.code : undefined;
  const options = { ...optionsOf(response, error), ...(reason !== undefined && { reason }) };
  if (row !== undefined) return new Failure(type, row.message, { ...options, ...codeAndStatus(row) });
  if (type !== 'store_error') return new Failure(type, undefined, options);
  return new Failure(type, undefined, { ...options, code: 'BadGateway', status: 502 });
}

/** Only a 503 means that the store has done nothing; another 5xx may be that of a proxy that waited in vain. */
function optionsOf(response: StoreResponse, error: StoreError | undefined): FailureOptions {
  const { status, headers } = response;
  const options = { headers: errorHeadersForClient(headers), detail: detailOf(response, error) };
  return status >= 500 && status !== 503 ? { ...options, outcome: 'unknown' } : options;
}

const codeAndStatus = ({ code, status }: PassedError) => ({ status, ...(code !== undefined && { code }) });

function typeOf({ status }: StoreResponse, code: string | undefined): FailureType {
  if (code !== undefined && (REFUSES_GATEWAY.has(code) || code.startsWith('KMS.'))) return 'store_refused_gateway';
  if (status >= 300 && status < 400) return 'store_refused_gateway';
  if (REFUSES_CREDENTIALS.has(status)) return 'store_refused_gateway';
  if (code === undefined && REFUSES_GATEWAY_BY_STATUS.has(status)) return 'store_refused_gateway';
  return status >= 400 && status < 600 ? 'store_error' : 'store_invalid_answer';
}

function detailOf({ status }: StoreResponse, error: StoreError | undefined): string {
  if (error === undefined) return `The store gave no reason for its status ${status}.`;
  return `${error.code}: ${error.message}`.slice(0, MAX_DETAIL);
}

/** Code and message of an `<Error>` document; undefined if it is not one. */
export function readStoreError(xml: string): StoreError | undefined {
  const document = readStoreDocument(xml);
  if (document?.root !== 'Error') return undefined;
  const code = document.texts.get('Code')?.trim();
  if (code === undefined || !/^[A-Za-z0-9.]{1,100}$/.test(code)) return undefined;
  return { code, message: document.texts.get('Message')?.trim() ?? code };
}
