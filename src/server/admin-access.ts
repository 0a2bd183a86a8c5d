/**
 * Which requests the admin port accepts. Only known host names may read it, to prevent DNS rebinding by web pages. Probes need neither
 * a token nor a client certificate.
 */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { isAdminHost } from './admin-hosts.ts';
import type { AdminToken } from './admin-token.ts';
import type { Certificates } from './certificates.ts';
import { isProbe } from './probes.ts';

const FORBIDDEN_HOST =
  'Unknown host name. Use the IP address, or add the name to admin.allowed_hosts (alias: metrics.allowed_hosts).\n';
const NO_CERTIFICATE =
  'Forbidden. This port requires a client certificate from an authority in server.tls.client_ca_file.\n';
const NO_TOKEN = 'Unauthorized. Send "Authorization: Bearer TOKEN" with the token in admin.token_file.\n';

export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AccessOptions {
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly certificates: Certificates | undefined;
  readonly token: AdminToken | undefined;
}

/** @param isPublic whether the response contains no data. @returns undefined if the request is accepted. */
export type AccessRules = (request: IncomingMessage, isPublic: boolean) => Refusal | undefined;

export function accessRules({ host, allowedHosts, certificates, token }: AccessOptions): AccessRules {
  const names = [host, ...allowedHosts];
  const needsCertificate = certificates?.requiresClientCertificate === true;
  return (request, isPublic) => {
    const { headers, url, socket } = request;
    if (!isAdminHost(headers.host, names)) return { status: 421, text: FORBIDDEN_HOST }; // RFC 9110, section 15.5.20
    if (isProbe(url)) return undefined;
    if (needsCertificate && !hasClientCertificate(socket as TLSSocket)) return { status: 403, text: NO_CERTIFICATE };
    if (token === undefined || isPublic || token.matches(headers.authorization)) return undefined;
    return { status: 401, text: NO_TOKEN, headers: { 'www-authenticate': 'Bearer' } };
  };
}

/** The certificate itself is required as well: a resumed session may not have one. */
function hasClientCertificate(socket: TLSSocket): boolean {
  return socket.authorized && socket.getPeerX509Certificate() !== undefined;
}
