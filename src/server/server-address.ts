/** The address that the client used, as attributes: host and port come from the Host header together, or from the socket. */
import type { Attributes } from '../domain/span.ts';

/** One end of a connection. */
export interface LocalEnd {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** @param host the Host header: a host without a port stands for the port of the scheme (RFC 9110, sections 4.2.1 and 4.2.2). */
export function addressed(host: string | undefined, scheme: string, { localAddress, localPort }: LocalEnd): Attributes {
  if (host === undefined) return { 'server.address': localAddress, 'server.port': localPort };
  // A userinfo is not allowed (RFC 9110, section 4.2.4).
  const authority = host.slice(host.lastIndexOf('@') + 1);
  const port = /:(\d{1,5})$/.exec(authority)?.[1];
  const fallback = scheme === 'https' ? 443 : 80;
  return {
    'server.address': authority.replace(/:\d*$/, ''),
    'server.port': port === undefined ? fallback : Number(port),
  };
}
