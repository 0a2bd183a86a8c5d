/**
 * The checksums that S3 clients send with their bytes, as a table. Values are base64, as in `x-amz-checksum-<name>`
 * (Amazon S3 User Guide, "Checking object integrity"). Node.js provides most of them; the two others are WebAssembly,
 * loaded by the first request that needs them. CPU of each: docs/bodies.md, `npm run bench -- checksums`.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { IHasher } from 'hash-wasm';

export interface Checksum {
  update(bytes: Buffer): void;
  /** Base64 of the checksum; call once, after the last update. */
  digest(): Promise<string>;
}

/** Of all bytes of an object, or of the checksums of its parts (Amazon S3 User Guide, "Checking object integrity"). */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

interface ChecksumShape {
  /** Length of the base64 form in characters. */
  readonly encodedLength: number;
  /** Possible values of `x-amz-checksum-type` for an object in parts; the first where none is named. */
  readonly types: readonly ChecksumType[];
  create(): Promise<Checksum>;
}

export const CHECKSUMS = {
  crc32: { encodedLength: 8, types: ['COMPOSITE', 'FULL_OBJECT'], create: async () => nativeCrc32() },
  crc32c: {
    encodedLength: 8,
    types: ['COMPOSITE', 'FULL_OBJECT'],
    create: wasm(async () => (await import('hash-wasm')).createCRC32(CASTAGNOLI)),
  },
  crc64nvme: {
    encodedLength: 12,
    types: ['FULL_OBJECT'],
    create: wasm(async () => (await import('hash-wasm')).createCRC64(NVME)),
  },
  sha1: { encodedLength: 28, types: ['COMPOSITE'], create: async () => nativeHash('sha1') },
  sha256: { encodedLength: 44, types: ['COMPOSITE'], create: async () => nativeHash('sha256') },
  sha512: { encodedLength: 88, types: ['COMPOSITE'], create: async () => nativeHash('sha512') },
  md5: { encodedLength: 24, types: ['COMPOSITE'], create: async () => nativeHash('md5') },
} as const satisfies Record<string, ChecksumShape>;

export type ChecksumName = keyof typeof CHECKSUMS;

/** Whether the checksum of an object in parts can be that of the whole. */
export function hasFullObjectType(name: ChecksumName): boolean {
  const types: readonly ChecksumType[] = CHECKSUMS[name].types;
  return types.includes('FULL_OBJECT');
}

/**
 * Whether every store with checksum support verifies this one. MinIO ignores the newer ones, and stores bytes that do not match
 * (tested with test/real/stores/changed-bytes.real.ts).
 */
export function isKnownEverywhere(name: ChecksumName): boolean {
  return KNOWN_EVERYWHERE.has(name);
}

const KNOWN_EVERYWHERE: ReadonlySet<ChecksumName> = new Set(['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']);

const HEADER = /^x-amz-checksum-([a-z0-9]+)$/;

/** The checksum that a header or trailer of this lower-case name carries; undefined if it is none that can be verified here. */
export function checksumOfHeader(header: string): ChecksumName | undefined {
  const name = HEADER.exec(header)?.[1];
  return name !== undefined && Object.hasOwn(CHECKSUMS, name) ? (name as ChecksumName) : undefined;
}

function nativeHash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'): Checksum {
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

/** CRC-32/ISCSI (RFC 3720, section 12.1) and CRC-64/NVME (NVM Express NVM Command Set Specification), bits reversed. */
const CASTAGNOLI = 0x82f63b78;
const NVME = '9a6c9329ac4bc9b5';

/** WebAssembly instances that wait to be used again: making one takes 80 µs. */
const MOST_IDLE = 32;

function wasm(make: () => Promise<IHasher>): () => Promise<Checksum> {
  const idle: IHasher[] = [];
  return async () => {
    const hasher = (idle.pop() ?? (await make())).init();
    const digest = async (): Promise<string> => {
      const value = Buffer.from(hasher.digest('binary')).toString('base64');
      if (idle.length < MOST_IDLE) idle.push(hasher);
      return value;
    };
    return { update: (bytes) => void hasher.update(bytes), digest };
  };
}

function base64OfUint32(value: number): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}
