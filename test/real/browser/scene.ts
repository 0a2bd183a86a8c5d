/** A page in Chromium on the origin of its site, and the gateway, which allows that origin, before a real store. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type OtlpReceiver, receiveHttp } from '../../support/otlp-receiver.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import { type IdentityScene, openIdentityScene, TOKEN_KEYS } from '../support/identity-scene.ts';
import { type Browser, startChromium } from './chromium.ts';
import { PageSite } from './page-site.ts';
import { Signer, type SignRequest } from './signer.ts';

export interface BrowserScene extends IdentityScene {
  readonly browser: Browser;
  readonly site: PageSite;
  readonly signer: Signer;
  readonly collector: OtlpReceiver;
  /** URLs of the requests of all pages so far. */
  readonly sent: readonly string[];
  /** A new page at the site, with `sign` and `signForm` of its back end. */
  openPage(origin?: string): Promise<Page>;
  /** What every way of uploading is given. */
  options(key: string, size: number): Promise<UploadOptions>;
  /** A file on disk, for an `<input type="file">`. */
  fileWith(bytes: Uint8Array): Promise<string>;
}

export interface UploadOptions {
  readonly endpoint: string;
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  /** Of the object at the gateway. */
  readonly url: string;
  readonly token: string;
  /** The token as a session token. */
  readonly keys: object;
}

export async function openBrowserScene(storeName: 'MinIO' | 'versitygw'): Promise<BrowserScene> {
  const [site, collector] = await Promise.all([PageSite.start(), receiveHttp()]);
  const scene = await openIdentityScene(storeName, {
    cors: { allowed_origins: [site.origin] },
    tracing: {
      enabled: true,
      otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf', compression: 'none' },
      batch: { scheduled_delay_millis: 100 },
    },
  });
  const endpoint = scene.gateway.url;
  const signer = new Signer(endpoint);
  const browser = await startChromium();
  const sent: string[] = [];
  browser.context.on('request', (request) => sent.push(request.url()));
  const files = await mkdtemp(join(tmpdir(), 'mizuchi-browser-'));
  await browser.context.exposeFunction('sign', (request: SignRequest) => signer.url(request));
  await browser.context.exposeFunction('signForm', (key: string, most: number) => signer.form(key, most));
  return {
    ...scene,
    browser,
    site,
    signer,
    collector,
    sent,
    async openPage(origin = site.origin) {
      const page = await browser.context.newPage();
      await page.goto(origin);
      return page;
    },
    async options(key, size) {
      const [token, keys] = await Promise.all([scene.provider.token(), scene.keysWithToken()]);
      const url = `${endpoint}/${BUCKET}/${encodeURIComponent(key)}`;
      return { endpoint, bucket: BUCKET, key, size, url, token, keys: { ...TOKEN_KEYS, ...keys } };
    },
    async fileWith(bytes) {
      const file = join(files, 'photo (1).png');
      await writeFile(file, bytes);
      return file;
    },
    async close() {
      try {
        await browser.close();
      } finally {
        await scene.close();
        await Promise.all([site.close(), collector.close(), rm(files, { recursive: true })]);
      }
    },
  };
}
