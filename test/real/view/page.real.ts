/** The page of the live view in Chromium, with documents that no gateway has to make: many uploads, hostile names, restarts. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { type ServedView, serveView } from '../../support/serve-view.ts';
import { type Browser, startChromium } from '../browser/chromium.ts';
import { FakeGateway } from './fake-gateway.ts';
import { fakeTrace, traceIdOf } from './fake-trace.ts';
import { isAccessible, openPage } from './opened-page.ts';
import { barsMatch } from './waterfall-bars.ts';

const VIEWS = ['#/uploads', '#/traces', `#/traces/${traceIdOf(0)}`, '#/health', '#/config'] as const;
/** Of a table with 1,000 uploads. Other work on the machine delays some of them, but not half. */
const UPDATES = 10;

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  'javascript:alert(3)//\'"`',
  '\u202etxt.exe\u202c \u2066x\u2069',
  `${'k'.repeat(1023)}\u{1f40d}`,
  'line\u2028separator\u2029\u0085',
  '{{constructor.constructor("alert(5)")()}}\u0000\u001b[2J',
];

describe('the page of the live view', () => {
  let browser: Browser;
  let gateway: FakeGateway;
  let server: ServedView;
  before(async () => {
    browser = await startChromium();
    gateway = new FakeGateway(24);
    server = await serveView(gateway);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has nothing serious for axe-core: ${colorScheme}`, async () => {
      for (const view of VIEWS) {
        const { page, complaints, close } = await openPage(browser, `${server.url}/${view}`, { colorScheme });
        await shown(page);
        await isAccessible(page, `${view} ${colorScheme}`);
        assert.deepEqual(complaints, []);
        await close();
      }
    });

  it('fits into 360 pixels', async () => {
    for (const view of VIEWS) {
      const { page, close } = await openPage(browser, `${server.url}/${view}`, { width: 360 });
      await shown(page);
      assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), 360, view);
      for (const link of await page.getByRole('navigation').getByRole('link').all()) {
        const { x, width } = (await link.boundingBox())!;
        assert.ok(x >= 0 && x + width <= 360, `${view}: ${await link.textContent()} is visible`);
      }
      await close();
    }
  });

  it('tells why a trace has no spans', async (test) => {
    const forgetful = new FakeGateway(24);
    forgetful.trace = async () => undefined;
    const without = await serveView(forgetful);
    test.after(() => without.close());
    const { page, close } = await openPage(browser, `${without.url}/#/traces/${traceIdOf(0)}`);
    await page.getByText('they are too old, too many, or tracing is disabled').waitFor();
    await close();
  });

  it('tells that tracing is disabled, and how to enable it', async (test) => {
    const untraced = new FakeGateway(24);
    const traces = untraced.newTraces.bind(untraced);
    untraced.newTraces = async (mark) => ({ ...(await traces(mark)), tracing: false });
    const disabled = await serveView(untraced);
    test.after(() => disabled.close());
    const { page, close } = await openPage(browser, `${disabled.url}/#/traces`);
    await page.getByText('Set tracing.enabled: true').waitFor();
    assert.equal(await page.getByRole('button', { name: 'exported' }).count(), 0);
    await isAccessible(page, 'tracing disabled');
    await close();
  });

  it('tells why it has no connection, and shows no readiness meanwhile', async () => {
    const ending = await serveView(gateway);
    const look = { width: 360, colorScheme: 'dark' } as const;
    const { page, close } = await openPage(browser, `${ending.url}/#/health`, look);
    await shown(page);
    const header = await page.locator('header.top').boundingBox();
    await page.locator('.gateway-facts').getByText('ok').waitFor();
    await ending.close();
    await page.getByText('It shows the state of that time').waitFor();
    await page.getByText(/Reason: no response\. .* check that the gateway runs/).waitFor();
    await page.locator('.gateway-facts').getByText('unknown').waitFor();
    assert.equal(await page.locator('.gateway-facts').getByText('ok').count(), 0);
    const badge = (await page.getByRole('status').boundingBox())!;
    const links = (await page.getByRole('navigation').boundingBox())!;
    assert.ok(badge.x + badge.width <= 360, 'the state is visible');
    assert.ok(links.y + links.height <= header!.height, 'the links are in the header');
    await isAccessible(page, 'no connection');
    await close();
  });

  it('is used with the keyboard: sorted, filtered, a trace opened, a span selected', async () => {
    const { page, close } = await openPage(browser, `${server.url}/#/traces`);
    await page.getByRole('button', { name: 'Duration' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('th[aria-sort=descending]', { hasText: 'Duration' }).waitFor();
    await page.getByRole('searchbox').focus();
    await page.keyboard.type('frame-48.raw');
    await page.locator('table[aria-rowcount="2"]').waitFor();
    await page.locator('tbody a').focus();
    await page.keyboard.press('Enter');
    await page.locator('main:focus').waitFor();
    await page.getByRole('button', { name: /^aws\.s3\.put_object, level 3, 440 ms, failed/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Span aws.s3.put_object' }).getByText('store_unavailable').waitFor();
    await close();
  });

  it('draws the bars of a waterfall as long as the spans', async () => {
    const traceId = traceIdOf(0);
    const { page, close } = await openPage(browser, `${server.url}/#/traces/${traceId}`);
    await shown(page);
    await barsMatch(page, fakeTrace(traceId, Date.now()));
    await close();
  });

  it('copies a trace as OTLP JSON', async () => {
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    const { page, close } = await openPage(browser, `${server.url}/#/traces/${traceIdOf(3)}`);
    await page.getByRole('button', { name: 'Copy as OTLP JSON' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    assert.equal(copied, await gateway.trace(traceIdOf(3)));
    await close();
  });

  it('shows hostile keys and user agents as text', async () => {
    gateway.keys.push(...HOSTILE);
    for (const view of VIEWS) {
      const { page, complaints, close } = await openPage(browser, `${server.url}/${view}`);
      await shown(page);
      if (view === '#/uploads' || view === '#/traces') await page.getByRole('searchbox').fill('alert(1)');
      if (view !== '#/health' && view !== '#/config') await page.getByText(HOSTILE[0]!).first().waitFor();
      const added = await page.evaluate<number>(
        `document.querySelectorAll('img, iframe, script:not([src="page.js"])').length`,
      );
      assert.deepEqual([added, complaints], [0, []], view);
      await close();
    }
    gateway.keys.length = 0;
  });

  it('remains smooth with 1,000 uploads in flight', async () => {
    gateway.count = 1000;
    const { page, complaints, close } = await openPage(browser, `${server.url}/#/uploads`);
    await page.locator('table.uploads').waitFor();
    const tasks = await longTasks(page, UPDATES);
    const rendered = await page.locator('table.uploads tbody tr').count();
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    const last = await page.locator('table.uploads').getAttribute('aria-rowcount');
    await page.locator(`tr[aria-rowindex="${last}"]`).waitFor();
    gateway.count = 24;
    assert.ok(rendered < 100, `${rendered} rows`);
    assert.ok(tasks.length < UPDATES / 2, `long tasks of ${tasks} ms`);
    assert.deepEqual(complaints, []);
    await close();
  });

  it('connects again after a restart, and shows both', async (test) => {
    const first = await serveView(gateway);
    test.after(() => first.close());
    const { page, close } = await openPage(browser, `${first.url}/#/uploads`);
    await page.getByRole('status').getByText('Live').waitFor();
    await first.close();
    await page.getByRole('status').getByText('Connection lost').waitFor();
    const second = await serveView(gateway, { port: first.port });
    test.after(() => second.close());
    await page.getByRole('status').getByText('Live').waitFor();
    await close();
  });

  it('requests a token where the port needs one, and keeps it for this tab', async (test) => {
    const guarded = await serveView(gateway, { token: 'right' });
    test.after(() => guarded.close());
    const { page, close } = await openPage(browser, `${guarded.url}/#/uploads`);
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('did not accept').waitFor();
    await isAccessible(page, 'token');
    await page.getByLabel('Token').fill('right');
    await page.keyboard.press('Enter');
    await page.locator('table.uploads').waitFor();
    await page.reload();
    await page.locator('table.uploads').waitFor();
    await close();
  });
});

/** Whether data has arrived and the view is rendered. */
const shown = (page: Page): Promise<void> =>
  page.locator('table.uploads, table.traces, .span-bar rect, .service, table.settings').first().waitFor();

/** Milliseconds of each long task of the browser while a number of updates arrive. */
async function longTasks(page: Page, updates: number): Promise<number[]> {
  await page.evaluate(await readFile(new URL('page/long-tasks.js', import.meta.url), 'utf8'));
  return page.evaluate<number[]>(`longTasks('table.uploads', ${updates})`);
}
