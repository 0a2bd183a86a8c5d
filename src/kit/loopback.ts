/** Whether a host is a loopback address. */

/** @param hostname as in a URL: IPv6 addresses in brackets. Names other than localhost are not resolved. */
export function isLoopback(hostname: string): boolean {
  return /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/i.test(hostname);
}
