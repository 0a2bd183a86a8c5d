/** Who takes part in the benchmark of bodies: the gateway, sent the same objects in different ways, and how each is configured. */
import type { Config } from '../../src/config/config.ts';
import type { UploadConfig } from '../../src/config/upload.ts';
import type { BodyKind } from './body-kinds.ts';
import type { Contestant } from './contestant.ts';
import { gatewayConfig, NO_TRACING } from './gateway-config.ts';
import { ACCESS_KEY, REGION } from './signed-requests.ts';

const MIB = 1024 ** 2;

export interface BodyContestant extends Contestant {
  readonly kind: BodyKind;
  /** Whether requests are signed, and signatures verified. */
  readonly signed: boolean;
  readonly upload: Partial<UploadConfig>;
  /** Bytes of the smallest objects with which it takes part. */
  readonly from: number;
}

/** Objects of declared length stay in one piece, but for those that are there to be split. */
const WHOLE = { multipart_threshold: 1024 * MIB };

function gateway(name: string, kind: BodyKind, differs: Partial<BodyContestant> = {}): BodyContestant {
  return { name, against: ['plain', 'plain, again'], kind, signed: true, upload: WHOLE, from: 0, ...differs };
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
];

export function configOf({ signed, upload }: BodyContestant, storePort: number): Config {
  const credentials = [{ ...ACCESS_KEY, subject: 'uploader-0' }];
  return gatewayConfig(storePort, {
    tracing: NO_TRACING,
    auth: signed ? { enabled: true, sigv4: { region: REGION, credentials } } : { enabled: false },
    upload,
  });
}
