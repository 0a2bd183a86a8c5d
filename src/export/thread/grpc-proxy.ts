/** Connections to a collector through an HTTP proxy, by the environment variables of gRPC clients. */
import http from 'node:http';
import { BlockList, isIPv4, type LookupFunction, type Socket } from 'node:net';
import { percentDecode } from '../../kit/percent.ts';

export interface GrpcProxy {
  readonly host: string;
  readonly port: number;
  /** `user:password`. */
  readonly credentials: string | undefined;
}

const HTTP_PORT = 80;
const OK = 200;

/** @param host of the collector, without brackets. @returns undefined if the connection is direct. */
export function proxyFor(host: string, environment: NodeJS.Dict<string>): GrpcProxy | undefined {
  const url = environment.grpc_proxy || environment.https_proxy || environment.http_proxy;
  if (!url || !URL.canParse(url) || isExempt(host, environment)) return undefined;
  const { protocol, hostname, port, username, password } = new URL(url);
  if (protocol !== 'http:') return undefined;
  const credentials = password === '' ? username : `${username}:${password}`;
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || HTTP_PORT,
    credentials: username === '' ? undefined : (percentDecode(credentials) ?? credentials),
  };
}

function isExempt(host: string, { no_grpc_proxy, no_proxy }: NodeJS.Dict<string>): boolean {
  const list = no_grpc_proxy || no_proxy;
  return !!list && list.split(',').some((entry) => host.endsWith(entry) || isInNetwork(host, entry));
}

/** @param network such as `10.0.0.0/8`. */
function isInNetwork(host: string, network: string): boolean {
  const [, address = '', prefix] = /^(.+)\/(\d{1,2})$/.exec(network) ?? [];
  if (!isIPv4(host) || !isIPv4(address) || Number(prefix) > 32) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(prefix));
  return list.check(host);
}

/**
 * @param target host and port of the collector.
 * @throws Error if the proxy does not connect to it.
 */
export function openTunnel(
  { host, port, credentials }: GrpcProxy,
  target: string,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<Socket> {
  const headers = {
    host: target,
    ...(credentials !== undefined && {
      'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
    }),
  };
  return new Promise((resolve, reject) => {
    const request = http.request({
      method: 'CONNECT',
      host,
      port,
      path: target,
      headers,
      lookup,
      signal,
      agent: false,
    });
    request.once('error', reject);
    request.once('connect', ({ statusCode }, socket: Socket, head: Buffer) => {
      socket.on('error', () => {}); // until the session listens
      if (head.length > 0) socket.unshift(head);
      if (statusCode === OK) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy responded with status ${statusCode}`));
    });
    request.end();
  });
}
