/**
 * `npm run demo -- --view` in Chromium: its uploads appear while they run and move. With MIZUCHI_SCREENSHOTS=1 it writes the
 * pictures of README and docs/view.md.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import type { TracesDocument } from '../../../src/view/documents.ts';
import { type Browser, startChromium } from '../browser/chromium.ts';
import { endWithUs } from '../support/end-with-us.ts';
import { eventually } from '../support/eventually.ts';
import { openPage } from './opened-page.ts';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const images = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
const MOST_BYTES = 150 * 1024;
const CAMERA = 'cameras/front-door.mp4';

describe('the live view of the demo', () => {
  let demo: ChildProcess;
  let browser: Browser;
  let url: string;
  let command: readonly string[];
  before(async () => {
    demo = spawn(process.execPath, ['demo/demo.ts', '--view'], { cwd: checkout, stdio: ['ignore', 'pipe', 'inherit'] });
    endWithUs(demo);
    ({ url, command } = await printed(demo));
    browser = await startChromium();
  });
  after(async () => {
    await browser?.close();
    demo?.kill('SIGTERM');
  });

  it('has its uploads while they run, and they move', async () => {
    const { page, complaints, close } = await openPage(browser, `${url}#/uploads`);
    const bar = page.locator('tbody tr', { hasText: CAMERA }).locator('progress');
    await bar.waitFor();
    const first = await bar.getAttribute('value');
    await eventually('the upload of the camera has moved', async () =>
      (await bar.getAttribute('value')) === first ? undefined : true,
    );
    await page.locator('.group-row', { hasText: 'films/holiday.mov' }).waitFor();
    await page
      .locator('tbody tr', { hasText: 'contracts/signed.pdf' })
      .locator('.wait', { hasText: 'policy' })
      .waitFor();
    await page.locator('tbody tr', { hasText: CAMERA }).locator('.wait', { hasText: 'client' }).waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('prints a command that shows them in a terminal', async () => {
    const { stdout } = await promisify(execFile)('npm', [...command, '--once'], { cwd: checkout });
    assert.ok(stdout.includes('front-door.mp4'), stdout);
  });

  it('has the refused request with its reason', async () => {
    const { page, complaints, close } = await openPage(browser, `${url}#/traces`);
    await page.locator('tbody tr', { hasText: 'not-yours.txt' }).getByText('signature_refused').first().waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('is in the pictures of the documentation', { skip: process.env.MIZUCHI_SCREENSHOTS !== '1' }, async () => {
    await mkdir(images, { recursive: true });
    const traceId = await multipartTrace(url);
    const views = { uploads: '#/uploads', trace: `#/traces/${traceId}`, health: '#/health' };
    for (const [name, view] of Object.entries(views))
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, close } = await openPage(browser, `${url}${view}`, { colorScheme, height: 760 });
        await ready(page, name);
        const path = `${images}view-${name}-${colorScheme}.png`;
        await page.screenshot({ path });
        assert.ok((await stat(path)).size < MOST_BYTES, path);
        await close();
      }
  });
});

interface Printed {
  readonly url: string;
  /** Arguments of npm. */
  readonly command: readonly string[];
}

function printed(child: ChildProcess): Promise<Printed> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the demo has ended: ${code}`)));
    createInterface(child.stdout!).on('line', (line) => {
      const [, command, url] = /npm (start -- top --admin (http:\/\/127\.0\.0\.1:\d+))/.exec(line) ?? [];
      if (url !== undefined) resolve({ url: `${url}/`, command: command!.split(' ') });
    });
  });
}

/** A trace with several spans: the largest object of the demo that has ended. */
function multipartTrace(url: string): Promise<string> {
  return eventually('a large upload has ended', async () => {
    const response = await fetch(`${url}api/traces`);
    const { requests } = (await response.json()) as TracesDocument;
    return requests.find(({ key, status }) => key === 'backups/database.tar' && status === 200)?.trace_id ?? undefined;
  });
}

/** Whether the view has something to show; the series need some time. */
async function ready(page: Page, name: string): Promise<void> {
  await page.locator('table.uploads, .span-bar rect, .service').first().waitFor();
  if (name !== 'uploads') return;
  await page.waitForTimeout(30_000);
  const wanted = ['.group-row', 'td .patch-policy', 'td .patch-client'];
  await eventually('all kinds of uploads are in flight', async () => {
    const counts = await Promise.all(wanted.map((selector) => page.locator(selector).count()));
    return counts.every((count) => count > 0) || undefined;
  });
}
