import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const script = fileURLToPath(new URL('../../../scripts/build-page.ts', import.meta.url));

describe('the bundle of the page', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mizuchi-page-'));
    await promisify(execFile)(process.execPath, [script, directory]);
  });
  after(() => rm(directory, { recursive: true }));

  it('is four files', async () => {
    assert.deepEqual((await readdir(directory)).sort(), ['favicon.svg', 'index.html', 'page.css', 'page.js']);
  });

  it('has at most 120 KiB, compressed', async () => {
    const files = await readdir(directory);
    const sizes = files.map(async (file) => gzipSync(await readFile(join(directory, file)), { level: 9 }).length);
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    assert.ok(total <= 120 * 1024, `${total} bytes`);
  });

  it('has no inline script and no address of another host', async () => {
    const html = await readFile(join(directory, 'index.html'), 'utf8');
    assert.doesNotMatch(html, /<script(?![^>]* src=)|\son\w+=|\sstyle=|https?:/);
    const css = await readFile(join(directory, 'page.css'), 'utf8');
    assert.doesNotMatch(css, /url\(|@import/);
  });

  it('never writes HTML', async () => {
    const sources = await readdir(fileURLToPath(new URL('../../../page/', import.meta.url)), { recursive: true });
    for (const file of sources.filter((name) => /\.tsx?$/.test(name))) {
      const text = await readFile(new URL(`../../../page/${file}`, import.meta.url), 'utf8');
      assert.doesNotMatch(text, /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write/, file);
    }
  });
});
