/**
 * The checksums that S3 clients send beside their bytes, as a table. Values are base64, as in `x-amz-checksum-<name>`
 * (Amazon S3 User Guide, "Checking object integrity"). What Node has natively is used; the two others are loaded when
 * the first request needs them.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface Checksum {
  update(bytes: Buffer): void;
  /** Base64 of the checksum; call once, after the last update. */
  digest(): Promise<string>;
}

interface ChecksumShape {
  /** Length of the base64 form in characters. */
  readonly encodedLength: number;
  create(): Promise<Checksum>;
}

export const CHECKSUMS = {
  crc32: { encodedLength: 8, create: async () => nativeCrc32() },
  crc32c: { encodedLength: 8, create: createCrc32c },
  crc64nvme: { encodedLength: 12, create: createCrc64Nvme },
  sha1: { encodedLength: 28, create: async () => nativeHash('sha1') },
  sha256: { encodedLength: 44, create: async () => nativeHash('sha256') },
} as const satisfies Record<string, ChecksumShape>;

export type ChecksumName = keyof typeof CHECKSUMS;

const HEADER = /^x-amz-checksum-([a-z0-9]+)$/;

/** The checksum that a header or trailer of this lower-case name carries; undefined if it is none that can be verified here. */
export function checksumOfHeader(header: string): ChecksumName | undefined {
  const name = HEADER.exec(header)?.[1];
  return name !== undefined && Object.hasOwn(CHECKSUMS, name) ? (name as ChecksumName) : undefined;
}

function nativeHash(algorithm: 'sha1' | 'sha256'): Checksum {
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: async () => hash.digest('base64') };
}

function nativeCrc32(): Checksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: async () => base64OfUint32(value),
  };
}

async function createCrc32c(): Promise<Checksum> {
  const { Crc32c } = await import('@aws-crypto/crc32c');
  const crc = new Crc32c();
  return { update: (bytes) => void crc.update(bytes), digest: async () => base64OfUint32(crc.digest()) };
}

async function createCrc64Nvme(): Promise<Checksum> {
  const { Crc64Nvme } = await import('@aws-sdk/crc64-nvme');
  const crc = new Crc64Nvme();
  return {
    update: (bytes) => crc.update(bytes),
    digest: async () => Buffer.from(await crc.digest()).toString('base64'),
  };
}

function base64OfUint32(value: number): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}
