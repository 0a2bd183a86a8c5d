/** What to do about a collector that did not take what it was sent: one hint for each kind of trouble. */
import type { OtlpConfig } from '../../config/otlp.ts';

/** The section of the configuration that speaks of it. */
export type CollectorSection = 'tracing.otlp' | 'metrics.otlp' | 'logging.otlp';

interface Place {
  readonly section: CollectorSection;
  readonly protocol: OtlpConfig['protocol'];
  readonly hostname: string;
  readonly port: string;
}

const PORTS = 'port 4317 is usually grpc, 4318 http/protobuf';

/** By what ours and the official exporters say. What the collector itself has said comes first, for it may say anything. */
const HINTS: readonly (readonly [said: RegExp, hint: (place: Place) => string])[] = [
  [
    /HTTP 40[13]\b|UNAUTHENTICATED|PERMISSION_DENIED/,
    ({ section }) => `it does not know this key: check the key in ${section}.headers or headers_file`,
  ],
  [
    /HTTP 40[45]\b|UNIMPLEMENTED/,
    ({ section, protocol }) =>
      protocol === 'grpc'
        ? `it takes nothing of this kind: check its pipelines, and ${section}.endpoint`
        : `it takes nothing under this path: check ${section}.endpoint, to which the path of the signal is added, and its pipelines`,
  ],
  [/HTTP 3\d\d\b/, ({ section }) => `it wants to be asked elsewhere: write where into ${section}.endpoint`],
  [
    /HTTP (429|5\d\d)\b|retryable status|RESOURCE_EXHAUSTED/,
    () => 'it is there and takes nothing now: its own log says why',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|Name resolution failed/,
    ({ section, hostname }) =>
      `no such name is known here: check the spelling of ${hostname} in ${section}.endpoint, and DNS`,
  ],
  [
    /ALTNAME|does not match certificate/,
    ({ section }) => `its certificate is for another name: write that name into ${section}.endpoint`,
  ],
  [
    /certificate|CERT_|SELF_SIGNED|UNABLE_TO_/,
    ({ section }) => `its certificate is not believed: name the file with its authority, ${section}.tls.ca_file`,
  ],
  [
    /EPROTO|wrong version number/,
    ({ section }) => `it does not speak TLS on this port: write http:// into ${section}.endpoint, or another port`,
  ],
  [
    /HPE_|Parse Error|Protocol error/,
    ({ section, protocol, port }) =>
      `what listens on port ${port} does not speak ${protocol}: ${PORTS}; check ${section}.protocol and endpoint`,
  ],
  [
    /ECONNREFUSED/,
    ({ section, hostname, port }) =>
      `nothing listens on ${hostname}, port ${port}: is the collector running? ${PORTS}; check ${section}.endpoint`,
  ],
  [
    /ECONNRESET|EPIPE|socket hang up|Failed to connect/,
    ({ section }) =>
      `it hangs up: it may want TLS (https:// in ${section}.endpoint), or the other protocol: ${PORTS}; check ${section}.protocol`,
  ],
  [
    /no response|DEADLINE|ETIMEDOUT|UNREACH/i,
    ({ section }) =>
      `nothing comes back: look for a firewall or a proxy (https_proxy, no_proxy) in between, and check ${section}.endpoint: ${PORTS}`,
  ],
];

/** @param reason what its exporter has said. */
export function mendOf(reason: string, section: CollectorSection, { endpoint, protocol }: OtlpConfig): string {
  const { hostname, port, protocol: scheme } = new URL(endpoint);
  const place = { section, protocol, hostname, port: port || (scheme === 'https:' ? '443' : '80') };
  const [, hint] = HINTS.find(([said]) => said.test(reason)) ?? [];
  return hint?.(place) ?? `check ${section}: endpoint, protocol and headers; ${PORTS}`;
}
