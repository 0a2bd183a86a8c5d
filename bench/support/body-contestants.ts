/**
 * The contestants of the benchmark of bodies: the gateway, which gets the same objects in different forms, and other programs in its
 * place. Each form is sent to two gateways: one with `upload.way: auto`, and one with `stream`.
 */
import type { Config } from '../../src/config/config.ts';
import type { UploadConfig } from '../../src/config/upload.ts';
import type { BodyKind } from './body-kinds.ts';
import type { Contestant } from './contestant.ts';
import { gatewayConfig, NO_TRACING } from './gateway-config.ts';
import type { PeerName } from './peers.ts';
import { ACCESS_KEY, REGION } from './signed-requests.ts';

const MIB = 1024 ** 2;

/** As `upload.way`. */
export type GatewayWay = 'auto' | 'stream';

interface Form {
  readonly kind: BodyKind;
  /** Whether requests are signed, and signatures verified. */
  readonly signed: boolean;
}

export interface GatewayContestant extends Contestant, Form {
  readonly who: 'gateway';
  readonly upload: Partial<UploadConfig> & { readonly way: GatewayWay };
  /** Whether the gateway verifies a checksum, hash or chunk signature of the body, and whether that is a CRC. */
  readonly verifies: 'nothing' | 'CRC' | 'other';
}

export interface PeerContestant extends Contestant, Form {
  /** `none`: the store itself, without a server between it and the client. */
  readonly who: 'none' | PeerName;
}

export type BodyContestant = GatewayContestant | PeerContestant;

/** Objects of declared length are sent in one request. */
const WHOLE: Partial<UploadConfig> = { multipart_threshold: 5 * 1024 * MIB };

/** The name of the gateway that streams what the one with this name gets. */
export function streamed(name: string): string {
  return `${name}, streamed`;
}

/** The copy of the gateway that streams plain bodies: the ratio of the two is the noise. */
export const AGAIN = `${streamed('plain')}, again`;

interface Differs {
  readonly signed?: boolean;
  readonly verifies?: GatewayContestant['verifies'];
  readonly upload?: Partial<UploadConfig>;
}

/** @returns the gateway with the ways it chooses, compared to the one that streams. */
function twins(name: string, kind: BodyKind, differs: Differs = {}): GatewayContestant[] {
  return [gateway(name, kind, 'auto', differs), gateway(streamed(name), kind, 'stream', differs, [])];
}

function gateway(
  name: string,
  kind: BodyKind,
  way: GatewayWay,
  { signed = true, verifies = 'nothing', upload = WHOLE }: Differs,
  against: readonly string[] = [streamed(name)],
): GatewayContestant {
  return { name, who: 'gateway', against, kind, signed, verifies, upload: { ...upload, way } };
}

/** The gateway that gets the same as this program is compared to it. */
function peer(name: string, who: PeerContestant['who'], signed = false): PeerContestant {
  return { name, who, against: [], kind: 'plain', signed };
}

const CRC = { verifies: 'CRC' } as const;
const HASH = { verifies: 'other' } as const;

const PLAIN = twins('plain', 'plain');
const NOISE = gateway(AGAIN, 'plain', 'stream', {}, [streamed('plain')]);
const TRAILER = twins('aws-chunked, CRC32', 'crc32', CRC);
const ANONYMOUS = twins('plain, anonymous', 'plain', { signed: false });
/** A plain body with the cheapest checksum: the kernel cannot move it without a look at its bytes. */
const CHEAPEST_VERIFIED = twins('CRC32, anonymous', 'crc32 header', { ...CRC, signed: false });

const SPLIT = twins('split into parts', 'plain', { upload: { multipart_threshold: 50 * MIB } });

const FORMS: readonly GatewayContestant[] = [
  ...PLAIN,
  NOISE,
  ...ANONYMOUS,
  ...twins('CRC32', 'crc32 header', CRC),
  ...twins('CRC32C', 'crc32c header', CRC),
  ...twins('CRC64NVME', 'crc64nvme header', CRC),
  ...twins('SHA-256', 'sha256 header', HASH),
  ...twins('SHA-256 in the signature', 'sha256', HASH),
  ...twins('Content-MD5', 'md5', HASH),
  ...TRAILER,
  ...twins('aws-chunked, CRC32C', 'crc32c', CRC),
  ...twins('aws-chunked, CRC64NVME', 'crc64nvme', CRC),
  ...twins('signed chunks', 'signed chunks'),
  ...twins('length not declared', 'undeclared', { upload: {} }),
  ...twins('UploadPart', 'part'),
];

const HAPROXY_SPLICE = peer('HAProxy, splice', 'haproxy-splice');
const PEERS: readonly PeerContestant[] = [
  peer('versitygw', 'versitygw', true),
  peer('Node.js alone', 'node'),
  peer('nginx', 'nginx'),
  peer('HAProxy', 'haproxy'),
  HAPROXY_SPLICE,
  peer('none: the store itself', 'none'),
];
const SIZES: readonly BodyContestant[] = [...PLAIN, NOISE, ...ANONYMOUS, ...TRAILER, HAPROXY_SPLICE];
const LARGE: readonly BodyContestant[] = [...PLAIN, NOISE, ...ANONYMOUS, ...CHEAPEST_VERIFIED, ...PEERS];

/** By the races that they take part in. */
export const SETS = {
  /** Every form, and every server. Few forms are streamed, too: these bodies are too small for another way. */
  small: [...FORMS.filter((one) => one.upload.way === 'auto' || SIZES.includes(one)), ...PEERS],
  /** Every form, a large upload that is split into parts, and every server. */
  forms: [...FORMS, ...SPLIT, ...PEERS],
  /** To find the size from which a way pays. */
  sizes: SIZES,
  large: LARGE,
  smoke: [...new Set([...SIZES, ...LARGE, ...SPLIT])],
} as const satisfies Record<string, readonly BodyContestant[]>;

/** The name of the gateway that gets the same requests as this program. */
export function counterpart({ signed }: PeerContestant): string {
  return signed ? 'plain' : 'plain, anonymous';
}

const BASELINES: readonly string[] = [...PLAIN, NOISE, ...ANONYMOUS].map(({ name }) => name);

/** @returns the contestants with this word in their name, and those that they are compared to. */
export function selected(contestants: readonly BodyContestant[], word: string): BodyContestant[] {
  const chosen = contestants.filter(({ name }) => name.includes(word));
  const compared = new Set([...BASELINES, ...chosen.flatMap(({ against }) => against)]);
  return contestants.filter((one) => chosen.includes(one) || compared.has(one.name));
}

export function isGateway(contestant: BodyContestant): contestant is GatewayContestant {
  return contestant.who === 'gateway';
}

export function configOf({ signed, upload }: GatewayContestant, storePort: number): Config {
  const credentials = [{ ...ACCESS_KEY, subject: 'uploader-0' }];
  return gatewayConfig(storePort, {
    tracing: NO_TRACING,
    auth: signed ? { enabled: true, sigv4: { region: REGION, credentials } } : { enabled: false },
    upload,
  });
}
