/**
 * Who takes part in the benchmark of bodies: the gateway, sent the same objects in different ways, and others in its place.
 */
import type { Config } from '../../src/config/config.ts';
import type { UploadConfig } from '../../src/config/upload.ts';
import type { BodyKind } from './body-kinds.ts';
import type { Contestant } from './contestant.ts';
import { gatewayConfig, NO_TRACING } from './gateway-config.ts';
import type { PeerName } from './peers.ts';
import { ACCESS_KEY, REGION } from './signed-requests.ts';

const MIB = 1024 ** 2;

export interface BodyContestant extends Contestant {
  /** Who is loaded; `nobody` stands for the store itself, without anybody before it. */
  readonly who: 'gateway' | 'nobody' | PeerName;
  readonly kind: BodyKind;
  /** Whether requests are signed, and signatures verified. */
  readonly signed: boolean;
  readonly upload: Partial<UploadConfig>;
  /** Bytes of the smallest objects with which it takes part. */
  readonly from: number;
}

/** Objects of declared length stay in one piece, but for those that are there to be split. */
const WHOLE = { multipart_threshold: 1024 * MIB };

const PLAIN = ['plain', 'plain, again'];

function gateway(name: string, kind: BodyKind, differs: Partial<BodyContestant> = {}): BodyContestant {
  return { name, who: 'gateway', against: PLAIN, kind, signed: true, upload: WHOLE, from: 0, ...differs };
}

/** Set against the gateway that gets the same. */
function other(name: string, who: BodyContestant['who'], kind: BodyKind, against: readonly string[]): BodyContestant {
  return { name, who, against, kind, signed: who === 'versitygw', upload: {}, from: 0 };
}

/** The second is the same as the first, and so shows the noise. */
export const CONTESTANTS: readonly BodyContestant[] = [
  gateway('plain', 'plain'),
  gateway('plain, again', 'plain'),
  gateway('plain, anonymous', 'plain', { signed: false }),
  gateway('SHA-256 in the signature', 'sha256'),
  gateway('Content-MD5', 'md5'),
  gateway('aws-chunked, CRC32', 'crc32'),
  gateway('aws-chunked, CRC32C', 'crc32c'),
  gateway('aws-chunked, CRC64NVME', 'crc64nvme'),
  gateway('signed chunks', 'signed chunks'),
  gateway('length not declared', 'undeclared', { upload: {} }),
  gateway('UploadPart', 'part'),
  gateway('split into parts', 'plain', { upload: { multipart_threshold: 50 * MIB }, from: 64 * MIB }),
  other('versitygw', 'versitygw', 'plain', PLAIN),
  other('Node.js alone', 'node', 'plain', ['plain, anonymous']),
  other('nginx', 'nginx', 'plain', ['plain, anonymous']),
  other('HAProxy', 'haproxy', 'plain', ['plain, anonymous']),
  other('nobody: the store itself', 'nobody', 'plain', ['plain, anonymous']),
];

/** The share of the CPU of a small upload through versitygw that one through the gateway may take. */
export const TARGET = 1 / 3;

export function configOf({ signed, upload }: BodyContestant, storePort: number): Config {
  const credentials = [{ ...ACCESS_KEY, subject: 'uploader-0' }];
  return gatewayConfig(storePort, {
    tracing: NO_TRACING,
    auth: signed ? { enabled: true, sigv4: { region: REGION, credentials } } : { enabled: false },
    upload,
  });
}
