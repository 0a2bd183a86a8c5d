import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openSealed, piecesOf, readSealed, seal, writeAll } from '../../../../src/rehearsal/store/disk/sealed-file.ts';

describe('sealed files', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mizuchi-sealed-'));
  });
  after(() => rm(directory, { recursive: true }));
  const write = async (name: string, bytes: Buffer, description: object): Promise<string> => {
    const path = join(directory, name);
    const file = await open(path, 'w');
    await writeAll(file, bytes);
    await seal(file, description);
    await file.close();
    return path;
  };

  for (const [size, textLength] of [
    [0, 0],
    [1, 10],
    [5000, 4083],
    [5000, 20_000],
    [2_500_000, 3],
  ] as const) {
    it(`returns ${size} bytes and a description of ${textLength} characters`, async () => {
      const bytes = randomBytes(size);
      const description = { text: 'ü'.repeat(textLength / 2), none: null };
      const path = await write('good', bytes, description);
      assert.deepEqual(await readSealed(path), { description, size });
      const sealed = await openSealed(path);
      const pieces: Buffer[] = [];
      for await (const piece of piecesOf(sealed!.file, size)) pieces.push(Buffer.from(piece));
      await sealed!.file.close();
      assert.ok(Buffer.concat(pieces).equals(bytes));
    });
  }

  it('distinguishes a missing file from an invalid one', async () => {
    assert.equal(await readSealed(join(directory, 'absent')), undefined);
    const foreign = join(directory, 'foreign');
    for (const text of ['', 'MZ01', 'some text of somebody else']) {
      await writeFile(foreign, text);
      await assert.rejects(readSealed(foreign), /is not a file of this store/);
    }
    const cut = await write('cut', Buffer.from('bytes'), {});
    await appendFile(cut, 'x');
    await assert.rejects(readSealed(cut), /is not a file of this store/);
  });
});
