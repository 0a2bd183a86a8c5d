/**
 * Computes the checksums of src/domain/checksums.ts: hashes by Node.js, CRC32 and CRC32C by a native addon, and by zlib and
 * WebAssembly without it, CRC64NVME by WebAssembly. The first request that needs an addon or WebAssembly loads it. CPU of each:
 * docs/bodies.md, `npm run bench -- checksums`.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { IHasher } from 'hash-wasm';
import { type ChecksumName, checksumNameOf, CHECKSUMS as ROWS, VERIFIED_CHECKSUMS } from '../domain/checksums.ts';
import { type Crc, loadNativeCrcs } from './native-crc.ts';

export type { ChecksumName, ChecksumType } from '../domain/checksums.ts';

export interface Checksum {
  update(bytes: Buffer): void;
  /** Base64 of the checksum; call once, after the last update. */
  digest(): string;
}

type Create = () => Promise<Checksum>;

/** CRC-32/ISCSI (RFC 3720, section 12.1) and CRC-64/NVME (NVM Express NVM Command Set Specification), bits reversed. */
const CASTAGNOLI = 0x82f63b78;
const NVME = '9a6c9329ac4bc9b5';

const createWasmCrc32c = wasm(async () => (await import('hash-wasm')).createCRC32(CASTAGNOLI));

const CREATE: Readonly<Record<ChecksumName, Create>> = {
  crc32: async () => ofCrc((await loadNativeCrcs())?.crc32 ?? crc32),
  crc32c: async () => {
    const native = await loadNativeCrcs();
    return native === undefined ? createWasmCrc32c() : ofCrc(native.crc32c);
  },
  crc64nvme: wasm(async () => (await import('hash-wasm')).createCRC64(NVME)),
  sha1: async () => nativeHash('sha1'),
  sha256: async () => nativeHash('sha256'),
  sha512: async () => nativeHash('sha512'),
  md5: async () => nativeHash('md5'),
};

/** The checksums that the gateway verifies: their rows, and how each is computed. */
export const CHECKSUMS = Object.fromEntries(
  VERIFIED_CHECKSUMS.map((name) => [name, { ...ROWS[name], create: CREATE[name] }]),
) as Readonly<Record<ChecksumName, (typeof ROWS)[ChecksumName] & { readonly create: Create }>>;

/** Whether the checksum of an object in parts can be that of the whole. */
export function hasFullObjectType(name: ChecksumName): boolean {
  return ROWS[name].types.includes('FULL_OBJECT');
}

/** Whether every store that accepts checksums verifies this one. */
export function isKnownEverywhere(name: ChecksumName): boolean {
  return ROWS[name].knownEverywhere;
}

/** The checksum that a header or trailer of this lower-case name carries; undefined if the gateway does not verify it. */
export function checksumOfHeader(header: string): ChecksumName | undefined {
  const name = checksumNameOf(header);
  return name !== undefined && ROWS[name].verified ? (name as ChecksumName) : undefined;
}

function nativeHash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'): Checksum {
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') };
}

function ofCrc(crc: Crc): Checksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc(bytes, value);
    },
    digest: () => base64OfUint32(value),
  };
}

function base64OfUint32(value: number): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
}

/** WebAssembly instances that wait to be used again: making one takes 80 µs. */
const MOST_IDLE = 32;

function wasm(make: () => Promise<IHasher>): Create {
  const idle: IHasher[] = [];
  return async () => new WasmChecksum(idle, (idle.pop() ?? (await make())).init());
}

class WasmChecksum implements Checksum {
  readonly #idle: IHasher[];
  /** Undefined after the digest, because another checksum may use the instance from then on. */
  #hasher: IHasher | undefined;

  constructor(idle: IHasher[], hasher: IHasher) {
    this.#idle = idle;
    this.#hasher = hasher;
  }

  update(bytes: Buffer): void {
    this.#inUse().update(bytes);
  }

  digest(): string {
    const hasher = this.#inUse();
    const value = Buffer.from(hasher.digest('binary')).toString('base64');
    this.#hasher = undefined;
    if (this.#idle.length < MOST_IDLE) this.#idle.push(hasher);
    return value;
  }

  #inUse(): IHasher {
    if (this.#hasher === undefined) throw new Error('The digest was already computed.');
    return this.#hasher;
  }
}
