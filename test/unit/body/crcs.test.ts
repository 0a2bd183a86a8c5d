import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Crc32cJs, Crc32Js, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { CHECKSUM_CASES } from '../../support/checksums/cases.ts';
import { type PrintedCrcs, printedCrcs } from '../../support/checksums/printed.ts';

const HIDE = ['--import', fileURLToPath(new URL('../../support/checksums/hide-packages.ts', import.meta.url))];

const PROCESSES = [
  { name: 'with the native addon', native: true, args: [] },
  { name: 'after npm install --omit=optional', native: false, args: HIDE, hidden: '@node-rs/' },
  { name: 'without a prebuilt addon for the platform', native: false, args: HIDE, hidden: '@node-rs/crc32-' },
  { name: 'with node --no-addons', native: false, args: ['--no-addons'] },
];

/** By an implementation of AWS in plain JavaScript, in one piece. */
async function expectedCrcs(create: typeof Crc32cJs | typeof Crc32Js | typeof Crc64NvmeJs): Promise<string[]> {
  const crcs: string[] = [];
  for (const { pieces } of CHECKSUM_CASES) {
    const crc = new create();
    crc.update(Buffer.concat(pieces));
    crcs.push(Buffer.from(await crc.digest()).toString('base64'));
  }
  return crcs;
}

describe('CRCs of many sizes, in pieces of any size', () => {
  let expected: PrintedCrcs['crcs'];
  before(async () => {
    expected = {
      crc32: await expectedCrcs(Crc32Js),
      crc32c: await expectedCrcs(Crc32cJs),
      crc64nvme: await expectedCrcs(Crc64NvmeJs),
    };
  });

  for (const { name, native, args, hidden } of PROCESSES) {
    it(`are those of the AWS SDK ${name}`, async () => {
      const { crcs, addons } = await printedCrcs(args, { HIDDEN_PACKAGES: hidden });
      assert.equal(addons.length, native ? 1 : 0, addons.join());
      assert.deepEqual(crcs, expected);
    });
  }
});
