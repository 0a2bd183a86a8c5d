/** Whether what is sent to a host leaves this machine. */

/** @param hostname as in a URL: IPv6 addresses in brackets. Names that are only resolved to this machine are not known here. */
export function isThisMachine(hostname: string): boolean {
  return /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/i.test(hostname);
}
