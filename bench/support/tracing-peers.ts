/**
 * Servers of other projects next to the gateways in the benchmark of tracing. None does all that a gateway does: versitygw verifies
 * signatures and signs, but queries no policy engine; nginx and Caddy verify nothing and sign nothing.
 */
import type { Contestant } from './contestant.ts';
import { missing, type PeerName } from './peers.ts';
import { UNTRACED } from './tracing-contestants.ts';

export interface TracingPeer extends Contestant {
  readonly peer: PeerName;
  /** Spans of one upload that come to the collector; none unless given. */
  readonly spans?: number;
}

export const UNTRACED_CADDY = 'Caddy';
export const TRACED_CADDY = 'Caddy, traced over grpc';

const PEERS: readonly TracingPeer[] = [
  { name: 'versitygw', against: UNTRACED, peer: 'versitygw' },
  { name: 'nginx', against: UNTRACED, peer: 'nginx' },
  { name: UNTRACED_CADDY, against: UNTRACED, peer: 'caddy' },
  { name: TRACED_CADDY, against: UNTRACED, peer: 'caddy-traced', spans: 1 },
];

/** Those with this word in their name that are installed. @param onMissing receives each of the others, and the reason. */
export function availablePeers(word: string, onMissing: (name: string, why: string) => void): TracingPeer[] {
  return PEERS.filter(({ name, peer }) => {
    if (!name.includes(word)) return false;
    const why = missing(peer);
    if (why !== undefined) onMissing(name, why);
    return why === undefined;
  });
}
