/**
 * Parses the request target and headers without a URL parser, which would resolve `..` and thus change the key. Only path-style
 * requests are supported: `/bucket/key`.
 */
import { percentDecode } from '../../kit/percent.ts';
import { S3Error } from './s3-error.ts';

export interface RequestHead {
  readonly method: string;
  /** As received. */
  readonly path: string;
  /** Decoded parameters in their order, duplicates included. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names; several values of one header are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly string[];
  /** Empty for a request to the service itself. */
  readonly bucket: string;
  /** Decoded once, never normalized. Empty for a request to the bucket. */
  readonly key: string;
}

const MAX_KEY_BYTES = 1024;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/;

/** @throws S3Error InvalidURI, InvalidBucketName, KeyTooLongError. */
export function parseHead(method: string, target: string, rawHeaders: readonly string[]): RequestHead {
  if (!ORIGIN_FORM.test(target)) throw new S3Error('InvalidURI');
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? [] : parseQuery(target.slice(mark + 1));
  const slash = path.indexOf('/', 1);
  const bucket = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decode(path.slice(slash + 1));
  if (bucket !== '' && !BUCKET_NAME.test(bucket)) throw new S3Error('InvalidBucketName');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');
  return { method, path, query, headers: joinHeaders(rawHeaders), rawHeaders, bucket, key };
}

export function isBucketName(name: string): boolean {
  return BUCKET_NAME.test(name);
}

function parseQuery(text: string): (readonly [string, string])[] {
  const pairs = text.split('&').filter((pair) => pair !== '');
  return pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 0) return [decode(pair), ''];
    return [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  });
}

function decode(text: string): string {
  const decoded = percentDecode(text);
  if (decoded === undefined) throw new S3Error('InvalidURI', 'The request target is not valid percent-encoded UTF-8.');
  return decoded;
}

function joinHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}
