/** The store of a bucket, and which headers and checksums it is sent. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { StoreChecksums } from '../../body/store-checksums.ts';
import type { BucketConfig } from '../../config/bucket.ts';
import type { ObjectHeadersConfig } from '../../config/object-headers.ts';
import { Reachable } from '../../kit/reachable.ts';
import { endpointOf } from '../../s3/endpoint.ts';
import type { HeaderRules } from '../../s3/header-rules.ts';
import { StoreClient } from '../../s3/store-client.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';

/** @throws Error that names the bucket, if its store has no credentials or no certificate authorities. */
export async function openStore(
  { name, s3 }: Pick<BucketConfig, 'name' | 's3'>,
  lifetime: Lifetime,
  { directory, transport, watchStore }: Pick<AppContext, 'directory' | 'transport' | 'watchStore'>,
): Promise<StoreClient> {
  const ca = s3.ca_file === undefined ? undefined : await loadAuthorities(name, resolve(directory, s3.ca_file));
  const watch = watchStore?.(name, endpointOf(s3).origin);
  lifetime.onClose(() => watch?.closed());
  const store = await StoreClient.open(s3, ca, transport, watch).catch((cause) => {
    throw new Error(`bucket ${name}: no credentials for its store: ${cause.message}`, { cause });
  });
  lifetime.onClose(() => store.close());
  const reachable = new Reachable(store.endpoint.origin, ca);
  lifetime.onClose(() => reachable.close());
  lifetime.needs({ kind: 'store', target: store.endpoint.origin, check: (signal) => reachable.check(signal) });
  return store;
}

/** Parsed here, because a file without a certificate would only be noticed at the first upload. */
export async function loadAuthorities(bucket: string, file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    new X509Certificate(text);
    return text;
  } catch (cause) {
    throw new Error(`bucket ${bucket}: s3.ca_file ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** CRC32 takes the least CPU of the checksums that every store verifies. */
export function storeChecksums({ checksum, client_checksums, verifies }: BucketConfig['s3']): StoreChecksums {
  const ofClient = { passed: client_checksums === 'pass', verifies: new Set(verifies) };
  if (checksum === 'unsupported' || !ofClient.passed) return { added: undefined, own: undefined, ...ofClient };
  if (checksum === 'none') return { added: undefined, own: 'crc32', ...ofClient };
  return { added: checksum, own: checksum, ...ofClient };
}

export function headerRulesOf({ headers, s3 }: BucketConfig): HeaderRules | undefined {
  const dropsChecksums = s3.client_checksums === 'verify_and_drop';
  if (headers === undefined && !dropsChecksums) return undefined;
  const { refuse = [], allow = [], set: fixed = {} }: Partial<ObjectHeadersConfig> = headers ?? {};
  return { refused: new Set<string>(refuse), allowed: new Set<string>(allow), fixed, dropsChecksums };
}
