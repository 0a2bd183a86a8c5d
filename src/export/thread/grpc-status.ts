/** The status of a gRPC call, received or derived (gRPC, "Status codes and their use in gRPC", "gRPC over HTTP2"). */
import { constants, type IncomingHttpHeaders } from 'node:http2';
import { percentDecode } from '../../kit/percent.ts';

/** In the order of their numbers. */
const CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type GrpcCode = (typeof CODES)[number];

export interface GrpcStatus {
  readonly code: GrpcCode;
  readonly message: string;
  /** `grpc-status-details-bin`: a google.rpc.Status. */
  readonly details?: Buffer | undefined;
}

/** The server did not process the call, so another attempt is safe (gRPC, "Transparent Retries"). */
export const REFUSED: GrpcStatus = { code: 'UNAVAILABLE', message: 'the collector refused the call' };

/** The server ended the response without a status. */
export const WITHOUT_STATUS: GrpcStatus = { code: 'INTERNAL', message: 'the response has no status' };

/** @param headers trailers, or the headers of a response without a body. @returns undefined if they have no status. */
export function statusIn(headers: IncomingHttpHeaders): GrpcStatus | undefined {
  const number = headers['grpc-status'];
  if (number === undefined) return undefined;
  const details = headers['grpc-status-details-bin'];
  return {
    code: (/^\d+$/.test(String(number)) && CODES[Number(number)]) || 'UNKNOWN',
    message: messageOf(headers['grpc-message']),
    details: details === undefined ? undefined : Buffer.from(String(details), 'base64'),
  };
}

/** Values that are not valid must not be an error ("gRPC over HTTP2", Status-Message). */
function messageOf(value: string | string[] = ''): string {
  const message = String(value);
  return percentDecode(message) ?? message;
}

const CODES_BY_HTTP_STATUS: Readonly<Record<number, GrpcCode>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/** Of a response without a gRPC status and an HTTP status other than 200 (gRPC, "HTTP to gRPC Status Code Mapping"). */
export function statusOfHttp(status: number): GrpcStatus {
  return { code: CODES_BY_HTTP_STATUS[status] ?? 'UNKNOWN', message: `HTTP ${status}` };
}

const CODES_BY_RESET: Readonly<Record<number, GrpcCode>> = {
  [constants.NGHTTP2_CANCEL]: 'CANCELLED',
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: 'RESOURCE_EXHAUSTED',
  [constants.NGHTTP2_INADEQUATE_SECURITY]: 'PERMISSION_DENIED',
};

/** Of a stream that the server reset ("gRPC over HTTP2", "HTTP2 Transport Mapping"). */
export function statusOfReset(code: number): GrpcStatus {
  if (code === constants.NGHTTP2_REFUSED_STREAM) return REFUSED;
  return { code: CODES_BY_RESET[code] ?? 'INTERNAL', message: `RST_STREAM with code ${code}` };
}

/** Of a call whose connection failed. */
export function connectionFailure(what: string, error: Error | undefined): GrpcStatus {
  return { code: 'UNAVAILABLE', message: error === undefined ? what : `${what}: ${reasonOf(error)}` };
}

/** The message with the code, of the last error inside one that stands for several addresses of one name. */
function reasonOf(error: Error): string {
  const { message, code = '', errors } = error as NodeJS.ErrnoException & { errors?: Error[] };
  const last = errors?.at(-1);
  if (last !== undefined) return reasonOf(last);
  return message.includes(code) ? message : `${message} (${code})`;
}
