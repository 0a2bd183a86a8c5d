/** The signature claim of a request, and the parsers that both forms share. */
import { type RefusalReason, refuse } from './refusals.ts';
import type { Scope } from './signing-key.ts';

/** The part of a claim that is the same in many requests. */
export interface Signer {
  readonly accessKey: string;
  readonly scope: Scope;
  /** Lower-case names, strictly ascending. */
  readonly signedHeaders: readonly string[];
}

export interface Claim extends Signer {
  readonly form: 'header' | 'query';
  /** 64 lower-case hex digits. */
  readonly signature: string;
  /** `YYYYMMDD'T'HHMMSS'Z'`. */
  readonly date: string;
  /** The same in milliseconds since the epoch. */
  readonly time: number;
  /** Lifetime of a presigned request; undefined for a request signed in its headers. */
  readonly expiresSeconds: number | undefined;
  readonly payloadHash: string;
  readonly sessionToken: string | undefined;
  /** Whether its signer was found in the cache. */
  readonly isKnown: boolean;
}

const DATE = /^\d{8}T\d{6}Z$/;
const PAYLOAD_HASH = /^([0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]{1,60})$/;
/** The access keys that the configuration allows. Others are rejected early, because error messages contain the access key. */
const REGION = /^[A-Za-z0-9_-]{1,64}$/;
const DAY = /^\d{8}$/;
const HEADER_NAMES = /^[!-:<-~]+(;[!-:<-~]+)*$/;

/** `<access key>/<day>/<region>/s3/aws4_request`; an access key may contain slashes. */
export function parseCredential(text: string, otherwise: RefusalReason): { accessKey: string; scope: Scope } {
  const pieces = text.split('/');
  const [day, region, service, terminator] = pieces.splice(-4);
  const accessKey = pieces.join('/');
  if (accessKey === '' || terminator !== 'aws4_request') refuse(otherwise);
  if (day === undefined || !DAY.test(day) || region === undefined || !REGION.test(region)) refuse(otherwise);
  if (service !== 's3') refuse(otherwise, 'The service in the credential scope is not s3.');
  return { accessKey, scope: { day, region, service } };
}

export function parseSignedHeaders(text: string, otherwise: RefusalReason): readonly string[] {
  const names = text.split(';');
  const ascending = names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
  if (!HEADER_NAMES.test(text) || text !== text.toLowerCase() || !ascending) {
    refuse(otherwise, 'The signed headers are not in lower case and ascending order.');
  }
  return names;
}

export function parseSignature(text: string | undefined, otherwise: RefusalReason): string {
  if (text === undefined || !/^[0-9a-f]{64}$/.test(text)) refuse(otherwise);
  return text;
}

/** @returns milliseconds since the epoch. The date of the scope must be the day of the date. */
export function parseDate(text: string | undefined, scope: Scope, otherwise: RefusalReason): number {
  if (text === undefined) refuse('no_date');
  const time = timeOf(text);
  if (Number.isNaN(time)) refuse('no_date');
  if (!text.startsWith(scope.day))
    refuse(otherwise, 'The date of the credential scope does not match the date of the request.');
  return time;
}

/** The date that was parsed last: the requests of one second have the same. */
let latest = { text: '', time: Number.NaN };

/** @returns NaN if it is not a date. */
function timeOf(text: string): number {
  if (text === latest.text) return latest.time;
  if (!DATE.test(text)) return Number.NaN;
  latest = { text, time: Date.parse(extended(text)) };
  return latest.time;
}

/** In the extended format of ISO 8601. */
function extended(text: string): string {
  const day = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 11)}`;
  return `${day}:${text.slice(11, 13)}:${text.slice(13)}`;
}

export function parsePayloadHash(text: string): string {
  if (!PAYLOAD_HASH.test(text)) refuse('bad_payload_hash');
  return text;
}
