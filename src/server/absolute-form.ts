/**
 * Targets in absolute form, `PUT http://host/bucket/key HTTP/1.1`, which every server must accept (RFC 9112, section 3.2.2). One
 * for a host of ours is turned into origin form before anything else reads the request; any other stays as it is and is refused
 * there, and so is one with a userinfo (RFC 9110, section 4.2.4).
 */
import type { IncomingMessage } from 'node:http';

/** Whether a host is one of the configured domains or below it. */
export type IsOwnHost = (host: string) => boolean;

const ABSOLUTE_FORM = /^(https?):\/\/([^/?#@]+)([^#]*)$/i;

/** Changes `request.url`, and `Host` where the target names another host of ours: the target's authority counts. */
export function toOriginForm(request: IncomingMessage, isOwnHost: IsOwnHost): void {
  if (request.url?.startsWith('/') !== false) return;
  const [, scheme, authority, rest] = ABSOLUTE_FORM.exec(request.url) ?? [];
  const { host } = request.headers;
  if (scheme === undefined || authority === undefined || rest === undefined || host === undefined) return;
  const isSame = plainHost(authority, scheme) === plainHost(host, scheme);
  if (!isSame && !isOwnHost(authority)) return;
  if (!isSame) replaceHost(request, authority);
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
}

/** RFC 9110, section 4.2.3: case and the scheme's own port do not matter. */
function plainHost(host: string, scheme: string): string {
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const lower = host.toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

/** RFC 9112, section 3.2.2: the server "MUST ignore the received Host header field (if any) and instead replace it". */
function replaceHost({ headers, rawHeaders }: IncomingMessage, host: string): void {
  headers.host = host;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') rawHeaders[i + 1] = host;
}
