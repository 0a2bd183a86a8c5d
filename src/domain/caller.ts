/** For whom the gateway works, wherever callers share what is limited: nobody gets more of it by asking more often. */
import type { Authenticated } from './stages.ts';

/** The subject; the address of one that nobody knows. For the memory of this process only. */
export function callerOf({ identity, incoming }: Pick<Authenticated, 'identity' | 'incoming'>): string {
  return identity.subject === undefined ? `address ${incoming.clientAddress}` : `subject ${identity.subject}`;
}
