/** For whom the gateway works, wherever callers share what is limited: nobody gets more of it by asking more often. */
import type { Authenticated, Incoming } from './stages.ts';

/** The subject; the address of one that nobody knows. For the memory of this process only. */
export function callerOf({ identity, incoming }: Pick<Authenticated, 'identity' | 'incoming'>): string {
  return identity.subject === undefined ? unknownCallerOf(incoming) : `subject ${identity.subject}`;
}

/** The caller before authentication: its address. */
export function unknownCallerOf({ clientAddress }: Pick<Incoming, 'clientAddress'>): string {
  return `address ${clientAddress}`;
}
