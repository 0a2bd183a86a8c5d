/** Which names the headers of an export may have, wherever they are written. */

/** Headers that the exporter sets itself, or that belong to the connection. */
const RESERVED_HEADERS =
  /^(content-(type|encoding|length)|host|connection|transfer-encoding|upgrade|te|user-agent|grpc-.*)$/;

/** gRPC takes fewer characters than HTTP, and only base64 under names that end in `-bin` (gRPC over HTTP/2, "Custom-Metadata"). */
export function checkHeaderName(name: string): { readonly wrong: string; readonly hint: string } | undefined {
  if (!/^[a-z0-9._-]+$/.test(name))
    return { wrong: 'is not a header name', hint: 'use letters, digits, "-", "_" and "."' };
  if (RESERVED_HEADERS.test(name)) return { wrong: 'is a header that the exporter sets itself', hint: 'remove it' };
  if (name.endsWith('-bin'))
    return { wrong: 'is a binary header of gRPC', hint: 'use a name that does not end in -bin' };
  return undefined;
}
