/**
 * Checks the Host header of requests to the admin port, against DNS rebinding: a browser sends the host name of the page, so
 * unknown names are rejected. An IP address is always allowed.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** @param host undefined in HTTP/1.0, which browsers do not use. @param names the allowed names, in any case. */
export function isAdminHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return true;
  const [, bracketed, plain] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]@/\s]+))(?::\d{1,5})?$/.exec(host) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed);
  if (plain === undefined) return false;
  const name = withoutLastDot(plain);
  if (isIPv4(name) || name === 'localhost' || name.endsWith('.localhost')) return true; // RFC 6761, section 6.3
  return names.some((each) => withoutLastDot(each) === name);
}

function withoutLastDot(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
