/** Percent-encoding for S3 and Signature Version 4 (RFC 3986 unreserved characters stay, upper-case hex, UTF-8). */

const RESERVED_LEFT_BY_JS = /[!'()*]/g;
const encodeReserved = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase()}`;

/** Encodes everything but `A-Za-z0-9-._~` (AWS Signature V4, "UriEncode"). */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(RESERVED_LEFT_BY_JS, encodeReserved);
}

const PLAIN_PATH = /^[A-Za-z0-9\-._~/]*$/;

/** As `percentEncode`, but leaves `/` as it is: the form of an object key in a path. */
export function percentEncodePath(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  return percentEncode(path).replaceAll('%2F', '/');
}

/** Decodes once; undefined if a `%` is not followed by two hex digits or the bytes are not UTF-8. `+` stays `+`. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
