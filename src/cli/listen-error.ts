/** Why an address cannot be bound, and what to change. */

const CAUSES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process uses this port; stop it, or change',
  EACCES: 'the process may not use this port; use a port from 1024, or change',
  EADDRNOTAVAIL: 'this machine does not have the address; change',
  ENOTFOUND: 'the host name is unknown; change',
};

/** @param settings the settings that contain the address, such as `server.address`. */
export function startErrorText(error: unknown, settings: string): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const cause = CAUSES[code];
  return cause === undefined ? message : `${message}: ${cause} ${settings}`;
}
