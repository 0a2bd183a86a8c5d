/** What to do about a collector that did not accept a probe: one hint for each kind of failure. */
import type { OtlpConfig } from '../../config/otlp.ts';

/** Its section of the configuration. */
export type CollectorSection = 'tracing.otlp' | 'metrics.otlp' | 'logging.otlp';

interface Place {
  readonly section: CollectorSection;
  readonly protocol: OtlpConfig['protocol'];
  readonly hostname: string;
  readonly port: string;
}

const PORTS = 'port 4317 is usually grpc, 4318 http/protobuf';

/** By the message of the failure. Responses of the collector come first, because their text may match anything. */
const HINTS: readonly (readonly [message: RegExp, hint: (place: Place) => string])[] = [
  [
    /HTTP 40[13]\b|UNAUTHENTICATED|PERMISSION_DENIED/,
    ({ section }) => `it does not accept the credentials: check the key in ${section}.headers or headers_file`,
  ],
  [
    /HTTP 40[45]\b|UNIMPLEMENTED/,
    ({ section, protocol }) =>
      protocol === 'grpc'
        ? `it does not accept this signal: check its pipelines, and ${section}.endpoint`
        : `it accepts nothing under this path: check ${section}.endpoint, to which the path of the signal is added, and its pipelines`,
  ],
  [/HTTP 3\d\d\b/, ({ section }) => `it redirects: write the new address into ${section}.endpoint`],
  [/HTTP (429|5\d\d)\b|RESOURCE_EXHAUSTED/, () => 'it is overloaded or failing: see its own log'],
  [
    /ENOTFOUND|EAI_AGAIN/,
    ({ section, hostname }) => `the name is unknown: check the spelling of ${hostname} in ${section}.endpoint, and DNS`,
  ],
  [
    /ALTNAME|does not match certificate/,
    ({ section }) => `its certificate is for another name: write that name into ${section}.endpoint`,
  ],
  [
    /certificate|CERT_|SELF_SIGNED|UNABLE_TO_/,
    ({ section }) => `its certificate is not trusted: name the file with its authority, ${section}.tls.ca_file`,
  ],
  [
    /EPROTO|wrong version number/,
    ({ section }) => `it does not speak TLS on this port: write http:// into ${section}.endpoint, or another port`,
  ],
  [
    /HPE_|Protocol error/,
    ({ section, protocol, port }) =>
      `the server on port ${port} does not speak ${protocol}: ${PORTS}; check ${section}.protocol and endpoint`,
  ],
  [
    /ECONNREFUSED/,
    ({ section, hostname, port }) =>
      `nothing listens on ${hostname}, port ${port}: is the collector running? ${PORTS}; check ${section}.endpoint`,
  ],
  [
    /ECONNRESET|EPIPE|socket hang up|Failed to connect/,
    ({ section }) =>
      `it closes the connection: it may need TLS (https:// in ${section}.endpoint), or the other protocol: ${PORTS}; check ${section}.protocol`,
  ],
  [
    /no response|DEADLINE|ETIMEDOUT|UNREACH/i,
    ({ section }) =>
      `no response: look for a firewall or a proxy (https_proxy, no_proxy) in between, and check ${section}.endpoint: ${PORTS}`,
  ],
];

/** @param reason message of the failure. */
export function collectorHint(reason: string, section: CollectorSection, { endpoint, protocol }: OtlpConfig): string {
  const { hostname, port, protocol: scheme } = new URL(endpoint);
  const place = { section, protocol, hostname, port: port || (scheme === 'https:' ? '443' : '80') };
  const [, hint] = HINTS.find(([message]) => message.test(reason)) ?? [];
  return hint?.(place) ?? `check ${section}: endpoint, protocol and headers; ${PORTS}`;
}
