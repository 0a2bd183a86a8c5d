/**
 * CRC32 and CRC32C by the native addon @node-rs/crc32, which uses the processor's own instructions. The addon is optional: it is
 * absent without a prebuilt package for the platform, after `npm install --omit=optional`, and with `node --permission`.
 */

/** @returns the CRC of `bytes` after bytes whose CRC is `previous`; 0 if there are none. */
export type Crc = (bytes: Buffer, previous: number) => number;

interface NativeCrcs {
  readonly crc32: Crc;
  readonly crc32c: Crc;
}

let loading: Promise<NativeCrcs | undefined> | undefined;

/** Loads the addon at the first call. @returns undefined if it cannot be loaded. */
export function loadNativeCrcs(): Promise<NativeCrcs | undefined> {
  loading ??= import('@node-rs/crc32').catch(() => undefined);
  return loading;
}
