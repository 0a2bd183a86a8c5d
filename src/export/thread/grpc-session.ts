/** Opens a session of HTTP/2 to a collector: through a proxy if there is one, with TLS if the endpoint is `https`. */
import http2, { type ClientHttp2Session } from 'node:http2';
import { isIP, type LookupFunction, connect as openTcp, type Socket } from 'node:net';
import { connect as openTls } from 'node:tls';
import { isLoopback } from '../../kit/loopback.ts';
import type { TlsMaterial } from '../collector-tls.ts';
import { openTunnel, proxyFor } from './grpc-proxy.ts';

export interface GrpcSessionOptions {
  /** `http://host:port` without TLS, `https://host:port` with it. */
  readonly endpoint: string;
  readonly tls: TlsMaterial;
  /** Looks up the names of the collector and of proxies. */
  readonly lookup: LookupFunction;
}

/** Node.js counts requests as memory of the session: with its limit of 10 MB, a larger one resets all calls. */
const SESSION = { settings: { enablePush: false }, maxSessionMemory: Number.MAX_SAFE_INTEGER };

/**
 * Resolves when the server has sent its settings: until then it may be a server of another protocol.
 * @param signal destroys the session, at any time.
 * @throws Error of the connection.
 */
export async function openSession(options: GrpcSessionOptions, signal: AbortSignal): Promise<ClientHttp2Session> {
  const { lookup, tls } = options;
  const target = targetOf(options.endpoint);
  // A collector on the loopback is not behind a proxy, whatever the environment.
  const proxy = isLoopback(target.hostname) ? undefined : proxyFor(target.host, process.env);
  const tunnel = proxy && (await openTunnel(proxy, target.authority, lookup, signal));
  const { host, port, isSecure } = target;
  const socket = isSecure ? secured(target, lookup, tls, tunnel) : (tunnel ?? openTcp({ host, port, lookup }));
  if (socket.destroyed) throw new Error('Failed to connect'); // Node.js would abort the process
  const session = http2.connect(options.endpoint, { ...SESSION, createConnection: () => socket });
  socket.once('error', (error) => {
    session.destroy(error);
    socket.destroy(); // Node.js leaves it open if the server rejects the client certificate after the handshake (TLS 1.3)
  });
  session.once('connect', () => {
    if (isSecure && session.alpnProtocol !== 'h2') session.destroy(new Error('the server does not negotiate HTTP/2'));
  });
  session.unref(); // a call has a timer, which keeps the process alive
  if (signal.aborted) session.destroy();
  else signal.addEventListener('abort', () => session.destroy(), { once: true });
  await established(session);
  return session;
}

interface Target {
  /** As in a URL: IPv6 addresses in brackets. */
  readonly hostname: string;
  readonly host: string;
  readonly port: number;
  /** Host name and port. */
  readonly authority: string;
  readonly isSecure: boolean;
}

export function targetOf(endpoint: string): Target {
  const { protocol, hostname, port: explicit } = new URL(endpoint);
  const isSecure = protocol === 'https:';
  const port = Number(explicit) || (isSecure ? 443 : 80);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { hostname, host, port, authority: `${hostname}:${port}`, isSecure };
}

function secured({ host, port }: Target, lookup: LookupFunction, tls: TlsMaterial, tunnel?: Socket): Socket {
  return openTls({
    ...tls,
    ALPNProtocols: ['h2'],
    host,
    port,
    lookup,
    // An IP address is not a server name (RFC 6066, section 3). The certificate is checked against the host in any case.
    ...(isIP(host) === 0 && { servername: host }),
    ...(tunnel !== undefined && { socket: tunnel }),
  });
}

/** @throws Error if the connection ends first. */
function established(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.on('error', reject); // stays: a later error is reported by the calls that it ends
    session.once('close', () => reject(new Error('Failed to connect')));
    session.once('remoteSettings', () => resolve());
  });
}
