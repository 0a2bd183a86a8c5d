/** Prints the CRCs of all cases as JSON, and the native addons that the process has loaded. */
import { createRequire } from 'node:module';
import { CHECKSUMS } from '../../../src/body/checksum.ts';
import { CHECKSUM_CASES } from './cases.ts';
import type { PrintedCrcs } from './printed.ts';

async function crcsOf(name: 'crc32' | 'crc32c' | 'crc64nvme'): Promise<string[]> {
  const crcs: string[] = [];
  for (const { pieces } of CHECKSUM_CASES) {
    const checksum = await CHECKSUMS[name].create();
    for (const piece of pieces) checksum.update(piece);
    crcs.push(checksum.digest());
  }
  return crcs;
}

function loadedAddons(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((file) => file.endsWith('.node'));
}

const crcs = { crc32: await crcsOf('crc32'), crc32c: await crcsOf('crc32c'), crc64nvme: await crcsOf('crc64nvme') };
const printed: PrintedCrcs = { crcs, addons: loadedAddons() };
console.log(JSON.stringify(printed));
