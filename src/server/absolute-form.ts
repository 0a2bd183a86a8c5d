/**
 * Request targets in absolute form, `PUT http://host/bucket/key HTTP/1.1`, which every server must accept (RFC 9112, section
 * 3.2.2). A target for one of the gateway's hosts is converted to origin form before other code reads it. Other hosts and a
 * userinfo (RFC 9110, section 4.2.4) stay unchanged and are rejected later.
 */
import type { IncomingMessage } from 'node:http';

/** Whether a host is one of the configured domains or below it. */
export type IsOwnHost = (host: string) => boolean;

/** The lookahead ends the authority at one place only, so that a target that does not match takes linear time. */
const ABSOLUTE_FORM = /^(https?):\/\/([^/?#@]+)(?=[/?#]|$)([^#]*)$/i;

/** Changes `request.url`, and `Host` if the target has a different host of the gateway: the authority of the target applies. */
export function toOriginForm(request: IncomingMessage, isOwnHost: IsOwnHost): void {
  if (request.url?.startsWith('/') !== false) return;
  const [, scheme, authority, rest] = ABSOLUTE_FORM.exec(request.url) ?? [];
  const { host } = request.headers;
  if (scheme === undefined || authority === undefined || rest === undefined || host === undefined) return;
  const isSame = normalizedHost(authority, scheme) === normalizedHost(host, scheme);
  if (!isSame && !isOwnHost(authority)) return;
  if (!isSame) replaceHost(request, authority);
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
}

/** RFC 9110, section 4.2.3: case and the default port of the scheme are ignored. */
function normalizedHost(host: string, scheme: string): string {
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const lower = host.toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

/** RFC 9112, section 3.2.2: the server "MUST ignore the received Host header field (if any) and instead replace it". */
function replaceHost({ headers, rawHeaders }: IncomingMessage, host: string): void {
  headers.host = host;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') rawHeaders[i + 1] = host;
}
