/** The caller of a request, as the unit of fair shares: a caller does not get a larger share by sending more requests. */
import type { Authenticated, Incoming } from './stages.ts';

/** The subject, or the address of an anonymous client. For the memory of this process only. */
export function callerOf({ identity, incoming }: Pick<Authenticated, 'identity' | 'incoming'>): string {
  return identity.subject === undefined ? unknownCallerOf(incoming) : `subject ${identity.subject}`;
}

/** The caller before authentication: its address. */
export function unknownCallerOf({ clientAddress }: Pick<Incoming, 'clientAddress'>): string {
  return `address ${clientAddress}`;
}
