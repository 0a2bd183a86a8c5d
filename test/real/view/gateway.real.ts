/** The live view of a running gateway in Chromium: uploads while they run, what they wait for, refusals, waterfalls, a restart. */
import assert from 'node:assert/strict';
import { type ClientRequest, request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { RecentRequest, TracesDocument } from '../../../src/view/documents.ts';
import { send } from '../../support/http-client.ts';
import { answerWell, type Behaviour, RawStore } from '../../support/raw-store.ts';
import { startGateway, type TestGateway } from '../../support/start-gateway.ts';
import { type Browser, startChromium } from '../browser/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { isAccessible, openPage } from './opened-page.ts';
import { barsMatch } from './waterfall-bars.ts';

const MIB = 1024 ** 2;
/** A wait must show within this time. */
const SOON_MILLIS = 1000;

const unresponsive: Behaviour = (incoming) => void incoming.resume();

describe('the live view of a running gateway', () => {
  let store: RawStore;
  let gateway: TestGateway;
  let browser: Browser;
  let adminPort: number;
  const uploads: ClientRequest[] = [];
  before(async () => {
    store = await RawStore.start();
    [adminPort] = (await freePorts(1)) as [number];
    gateway = await start();
    browser = await startChromium();
  });
  after(async () => {
    await browser?.close();
    for (const upload of uploads) upload.destroy();
    await gateway?.close();
    await store?.close();
  });

  const start = (): Promise<TestGateway> => {
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const credentials = [{ access_key: 'DEVICE7', secret_key: 'the-secret-key-of-device-7', subject: 'device-7' }];
    return startGateway({
      storeUrl: store.url,
      server: { shutdown_timeout_seconds: 0 },
      buckets: [
        { name: 'uploads', s3 },
        { name: 'private', s3, auth: { sigv4: { credentials } } },
      ],
      tracing: { enabled: true, otlp: { endpoint: 'http://127.0.0.1:1' }, sampling: { strategy: 'never' } },
      admin: { port: adminPort, view: true, show_keys: true },
    });
  };
  const open = (view: string) => openPage(browser, `http://127.0.0.1:${adminPort}/${view}`);
  const ended = (key: string): Promise<RecentRequest> =>
    eventually(`${key} has ended`, async () => {
      const response = await fetch(`http://127.0.0.1:${adminPort}/api/traces`);
      return ((await response.json()) as TracesDocument).requests.find((each) => each.key === key);
    });

  /** An upload of a size of which nothing is sent so far. */
  function put(key: string, size: number, headers: Record<string, string> = {}): ClientRequest {
    const target = `${gateway.url}/uploads/${key}`;
    const upload = request(target, { method: 'PUT', headers: { 'content-length': size, ...headers } });
    upload.on('error', () => {});
    upload.flushHeaders();
    uploads.push(upload);
    return upload;
  }

  it('shows an upload while it runs, and that it moves', async () => {
    const { page, complaints, close } = await open('#/uploads');
    const upload = put('films/moving.mov', 16 * MIB);
    const bar = rowOf(page, 'films/moving.mov').locator('progress');
    let before_ = -1;
    for (let sent = 0; sent < 4; sent++) {
      upload.write(Buffer.alloc(2 * MIB));
      await eventually('the bar has moved', async () => ((await progressOf(bar)) > before_ ? true : undefined));
      before_ = await progressOf(bar);
    }
    upload.end(Buffer.alloc(8 * MIB));
    await rowOf(page, 'films/moving.mov').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /Traces/ }).click();
    await rowOf(page, 'films/moving.mov').getByText('stored').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('shows within a second that a stalled client is waited for, and until when', async () => {
    const { page, close } = await open('#/uploads');
    await page.getByRole('status').getByText('Live').waitFor();
    const times: number[] = [];
    for (const key of ['stalled-1', 'stalled-2', 'stalled-3']) {
      const stalled = performance.now();
      const upload = put(key, 4 * MIB);
      upload.write(Buffer.alloc(MIB));
      await rowOf(page, key).locator('.wait', { hasText: 'client' }).waitFor();
      times.push(performance.now() - stalled);
      await rowOf(page, key)
        .getByText(/client idle \d+ of 60 s/)
        .waitFor();
      upload.destroy();
    }
    assert.ok(Math.min(...times) < SOON_MILLIS, `${times} ms`);
    await close();
  });

  it('shows within a second that a stalled store is waited for', async () => {
    store.behaviour = unresponsive;
    const { page, close } = await open('#/uploads');
    await page.getByRole('status').getByText('Live').waitFor();
    const times: number[] = [];
    for (const key of ['unanswered-1', 'unanswered-2', 'unanswered-3']) {
      const sent = performance.now();
      const upload = put(key, MIB);
      upload.end(Buffer.alloc(MIB));
      await rowOf(page, key).locator('.wait', { hasText: 'store' }).waitFor();
      times.push(performance.now() - sent);
      upload.destroy();
    }
    store.behaviour = answerWell;
    assert.ok(Math.min(...times) < SOON_MILLIS, `${times} ms`);
    await isAccessible(page, 'uploads');
    await close();
  });

  it('shows why a request was refused', async () => {
    await send(gateway.url, 'PUT', '/private/secret-plans.txt', 'hello');
    const { error_type, reason, message, trace_id } = await ended('secret-plans.txt');
    const { page, close } = await open('#/traces');
    const row = rowOf(page, 'secret-plans.txt');
    await row.getByText('client', { exact: true }).waitFor();
    await row.getByText(error_type!, { exact: true }).waitFor();
    await row.getByRole('link').click();
    await page.locator('.failure', { hasText: message! }).waitFor();
    assert.ok(reason === null || (await page.locator('.failure', { hasText: reason }).count()) === 1);
    assert.ok(page.url().endsWith(trace_id!));
    await close();
  });

  it('draws the waterfall of an upload with bars as long as its spans', async () => {
    const key = 'waterfall.bin';
    const upload = put(key, 2 * MIB);
    upload.write(Buffer.alloc(MIB));
    setTimeout(() => upload.end(Buffer.alloc(MIB)), 300);
    const { trace_id } = await ended(key);
    const { page, complaints, close } = await open(`#/traces/${trace_id}`);
    await page.locator('.span-bar rect').first().waitFor();
    const response = await fetch(`http://127.0.0.1:${adminPort}/api/traces/${trace_id}`);
    await barsMatch(page, await response.text());
    assert.ok((await page.locator('rect[data-wait=client]').count()) > 0, 'the wait for the client is hatched');
    await page.getByRole('button', { name: /^s3\.upload/ }).click();
    await page.getByRole('complementary').getByText('upload.client_wait_seconds').waitFor();
    await isAccessible(page, 'trace');
    assert.deepEqual(complaints, []);
    await close();
  });

  it('shows hostile keys and user agents as text', async () => {
    const key = '"><img src=x onerror=alert(1)>';
    const upload = put(encodeURIComponent(key), 1, { 'user-agent': '<script>alert(2)</script>' });
    upload.end('x');
    const { trace_id } = await ended(key);
    const { page, complaints, close } = await open(`#/traces/${trace_id}`);
    await page.getByText('<script>alert(2)</script>').first().waitFor();
    await page.getByText(key).first().waitFor();
    const added = await page.evaluate<number>(`document.querySelectorAll('img, script:not([src="page.js"])').length`);
    assert.deepEqual([added, complaints], [0, []]);
    await close();
  });

  it('shows the health of its services and the configuration', async () => {
    const { page, complaints, close } = await open('#/health');
    await page.locator('.service', { hasText: store.url }).first().waitFor();
    await isAccessible(page, 'health');
    await page.getByRole('link', { name: 'Configuration' }).click();
    await page.getByRole('searchbox').fill('admin.view');
    await page.getByRole('rowheader', { name: 'admin.view' }).waitFor();
    assert.ok(!(await page.content()).includes('mizuchi-secret'));
    await isAccessible(page, 'configuration');
    assert.deepEqual(complaints, []);
    await close();
  });

  it('connects again after a restart of the gateway', async () => {
    const { page, close } = await open('#/traces');
    await page.getByRole('status').getByText('Live').waitFor();
    await gateway.close();
    await page.getByRole('status').getByText('Connection lost').waitFor();
    gateway = await start();
    await page.getByRole('status').getByText('Live').waitFor();
    put('after-restart', 1).end('x');
    await rowOf(page, 'after-restart').waitFor();
    await close();
  });
});

const rowOf = (page: Page, key: string) => page.locator('tbody tr', { hasText: key });

const progressOf = async (bar: ReturnType<Page['locator']>): Promise<number> =>
  Number((await bar.count()) === 0 ? -1 : await bar.getAttribute('value'));
