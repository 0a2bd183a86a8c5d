/** The connection of a call on its CLIENT span: its peer, whether it is new, and the time that it took. */
import type { Span } from './span.ts';

/** Seconds. Undefined for steps that were not begun. */
interface Timing {
  readonly dns?: number;
  readonly tcp?: number;
  readonly tls?: number;
}

interface Connection {
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly isReused: boolean;
  /** Of a new connection. */
  readonly timing: Timing | undefined;
}

/** @param waitedSeconds for the connection. */
export type ShowConnection = (span: Span, connection: Connection, waitedSeconds?: number) => void;

/** @param namespace of the attributes that the semantic conventions do not define. */
export function showConnectionIn(namespace: 's3' | 'authz' | 'auth'): ShowConnection {
  const reused = `${namespace}.connection_reused`;
  const wait = `${namespace}.connection_wait_seconds`;
  const dns = `${namespace}.dns_seconds`;
  const tcp = `${namespace}.connect_seconds`;
  const tls = `${namespace}.tls_seconds`;
  return (span, { address, port, isReused, timing }, waitedSeconds) => {
    span.set('network.peer.address', address);
    span.set('network.peer.port', port);
    span.set(reused, isReused);
    span.set(wait, waitedSeconds);
    if (timing === undefined) return;
    span.set(dns, timing.dns);
    span.set(tcp, timing.tcp);
    span.set(tls, timing.tls);
  };
}
