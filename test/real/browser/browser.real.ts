/**
 * A real browser: what pages of another origin upload through the gateway is what the real store holds, byte for byte; what they
 * can read of refusals and of the trace; and what an aborted upload leaves. A table of docs/browsers.md is made from what
 * came of it, and this fails where it no longer comes to the same; UPDATE_BROWSERS=1 records anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { lastLines } from '../support/gateway-in-front.ts';
import { DEVICE } from '../support/identity-scene.ts';
import { sha256 } from '../support/stored-objects.ts';
import { PageSite } from './page-site.ts';
import { pattern } from './pattern.ts';
import { type BrowserScene, openBrowserScene } from './scene.ts';
import { call, WAYS } from './ways.ts';

const MIB = 1024 ** 2;
/** Bytes. Browsers report progress every 50 ms, so an upload must take much longer to be aborted on the way. */
const LONG_UPLOAD = 256 * MIB;
/** A name → bytes. The largest goes to one store only: it takes its time. */
const SIZES = { '0 B': 0, '1 B': 1, '8 MiB': 8 * MIB, '64 MiB': 64 * MIB } as const;

/** By way, then by size, then by store: `stored`, or what the page saw instead. */
const outcomes: Record<string, Record<string, Record<string, string>>> = {};
const RECORD = fileURLToPath(new URL('recorded.json', import.meta.url));

for (const storeName of ['MinIO', 'versitygw'] as const) {
  describe(`uploads of web pages: ${storeName}`, () => {
    let scene: BrowserScene;
    let page: Page;
    before(async () => {
      scene = await openBrowserScene(storeName);
      page = await scene.openPage();
    });
    afterEach((context) => {
      if ('passed' in context && context.passed === false) process.stderr.write(`${lastLines(scene.gateway)}\n`);
    });
    after(() => scene?.close());

    for (const [name, upload] of Object.entries(WAYS)) {
      it(`${name}: stored as sent`, async () => {
        for (const [sizeName, size] of Object.entries(SIZES)) {
          if (size === SIZES['64 MiB'] && storeName !== 'MinIO') continue;
          const key = `${name} ${sizeName} (ü)`;
          const outcome = await upload(scene, page, await scene.options(key, size));
          const found = await scene.stored.sha256(key).catch((error: Error) => error.name);
          const isStored = found === sha256(pattern(size));
          note(name, sizeName, storeName, isStored ? 'stored' : `${JSON.stringify(outcome)} ${found}`);
          assert.deepEqual([outcome.refusal, outcome.failure, isStored], [undefined, undefined, true], key);
          if (outcome.progress !== undefined && size > MIB) assert.equal(outcome.progress, size);
        }
      });
    }

    it('pages read why an upload was refused', async () => {
      const size = 1000;
      const options = await scene.options('refused', size);
      const expired = await scene.provider.token({ exp: 1 });
      const presigned = await scene.signer.url({ method: 'PUT', key: 'refused' });
      const form = await scene.signer.form('refused', size - 1);
      const refusals: [way: string, argument: object, status: number, code: string][] = [
        ['uploadByBearerFetch', { ...options, token: expired }, 401, 'ExpiredToken'],
        ['uploadByBearerFetch', { ...options, token: 'no token' }, 401, 'InvalidToken'],
        [
          'uploadByPresignedXhr',
          { url: presigned.replace(/Signature=\w{8}/, 'Signature=00000000'), size },
          403,
          'SignatureDoesNotMatch',
        ],
        ['uploadByFormFetch', { ...form, size }, 400, 'EntityTooLarge'],
        ['uploadByFormFetch', { ...form, size: 300_000 }, 400, 'EntityTooLarge'],
        ['uploadByLibStorage', { ...options, keys: { ...DEVICE, secretAccessKey: 'x' } }, 403, 'SignatureDoesNotMatch'],
      ];
      for (const [way, argument, status, code] of refusals) {
        const { refusal } = await call(page, way, argument);
        assert.deepEqual([refusal?.status, refusal?.code], [status, code], way);
        assert.match(refusal?.requestId ?? '', /^[0-9A-Za-z-]{8,}$/, way);
      }
      assert.ok(!(await scene.stored.keys()).includes('refused'));
    });

    it('pages read the trace of their uploads, refused ones included', async () => {
      for (const token of [await scene.provider.token(), 'no token']) {
        const options = await scene.options(`traced ${token.length}`, 10);
        await call(page, 'uploadByBearerFetch', { ...options, token });
        const shown = await page.evaluate((url) => (globalThis as never as Ways).ways.serverTimingOf(url), options.url);
        const [, traceId] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]$/.exec(shown ?? '') ?? [];
        assert.ok(traceId !== undefined, `Server-Timing: ${shown}`);
        await scene.gateway.logged((line) => line.trace_id === traceId);
      }
    });

    it('an upload that a page aborts leaves nothing', async () => {
      for (const [name, abort] of Object.entries(ABORTS)) {
        const options = await scene.options(`aborted by ${name}`, name === 'XMLHttpRequest' ? LONG_UPLOAD : 32 * MIB);
        const { url } = options;
        const presigned = await scene.signer.url({ method: 'PUT', key: options.key });
        await abort(page, { ...options, url, presigned });
        await nothingIsLeft(options.key);
      }
    });

    it('an upload of a page that is closed leaves nothing', async () => {
      const closing = await scene.openPage();
      const options = await scene.options('closed', 64 * MIB);
      const presigned = await scene.signer.url({ method: 'PUT', key: 'closed' });
      await closing.evaluate(
        ([size, url]) =>
          new Promise<void>((begun) => {
            void (globalThis as never as Ways).ways.uploadByPresignedXhr({ url, size, onProgress: () => begun() });
          }),
        [options.size, presigned] as const,
      );
      await closing.close();
      await nothingIsLeft('closed');
    });

    it('one preflight serves many uploads', async () => {
      const options = await scene.options('preflighted', 10);
      const count = (): number => scene.gateway.log.filter((line) => isPreflight(line, 'preflighted')).length;
      for (let i = 0; i < 3; i++) {
        const { refusal } = await call(page, 'uploadByBearerFetch', options);
        assert.equal(refusal, undefined);
      }
      await scene.gateway.logged((line) => isPreflight(line, 'preflighted'));
      assert.equal(count(), 1);
    });

    it('a page of another origin is blocked by its browser, and the log has the reason', async (t) => {
      const other = await PageSite.start();
      t.after(() => other.close());
      const stranger = await scene.openPage(other.origin);
      const complaints: string[] = [];
      stranger.on('console', (message) => complaints.push(message.text()));
      const options = await scene.options('of another origin', 10);
      await assert.rejects(call(stranger, 'uploadByBearerFetch', options), /Failed to fetch/);
      await stranger.close();
      assert.match(complaints.join('\n'), /blocked by CORS policy/);
      const line = await scene.gateway.logged((one) => one.error_reason === 'origin_not_allowed');
      assert.equal(line.operation, 'Preflight');
      assert.ok(!(await scene.stored.keys()).includes('of another origin'));
    });

    it('no token and no signature is in the log or in a span', async () => {
      const options = await scene.options('secrets', 10);
      assert.deepEqual((await call(page, 'uploadByLibStorage', options)).refusal, undefined);
      const presigned = await scene.signer.url({ method: 'PUT', key: 'secrets' });
      await call(page, 'uploadByPresignedXhr', { url: presigned, size: 10 });
      const shown = await page.evaluate((url) => (globalThis as never as Ways).ways.serverTimingOf(url), presigned);
      const traceId = shown?.split('-')[1];
      await scene.collector.until((collector) => collector.spans().some((span) => span.traceId === traceId));
      const told = JSON.stringify([scene.gateway.log, scene.collector.spans()], (_, value) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
      const signatures = scene.sent.flatMap((url) => [...new URL(url).searchParams].filter(isSecret));
      const secrets = [options.token.split('.')[2]!, DEVICE.secretAccessKey, ...signatures.map(([, value]) => value)];
      assert.ok(signatures.length > 10);
      for (const secret of secrets) assert.ok(!told.includes(secret), secret);
    });

    it('no parts are left in the store', async () => assert.deepEqual(await scene.stored.allOpenUploads(), []));

    async function nothingIsLeft(key: string): Promise<void> {
      await scene.gateway.logged((line) => isAbout(line, key) && isAborted(line));
      assert.ok(!(await scene.stored.keys()).includes(key), key);
      await eventually(
        'its parts are gone',
        async () => (await scene.stored.openUploads(key)).length === 0 || undefined,
      );
    }
  });
}

describe('the table of uploads of web pages', () => {
  it('comes to what docs/browsers.md says', () => {
    if (process.env.UPDATE_BROWSERS === '1') writeFileSync(RECORD, `${JSON.stringify(outcomes, undefined, 2)}\n`);
    assert.deepEqual(outcomes, JSON.parse(readFileSync(RECORD, 'utf8')));
  });
});

function note(way: string, size: string, store: string, outcome: string): void {
  outcomes[way] ??= {};
  outcomes[way][size] ??= {};
  outcomes[way][size][store] = outcome;
}

const isSecret = ([name]: [string, string]): boolean => /^x-amz-(signature|security-token)$/i.test(name);
const isAbout = ({ path }: Record<string, unknown>, key: string): boolean =>
  String(path).endsWith(`/${encodeURIComponent(key)}`);
/** Libraries that upload parts take them back themselves. */
const isAborted = ({ error_type, operation }: Record<string, unknown>): boolean =>
  error_type === 'client_aborted' || operation === 'AbortMultipartUpload';
const isPreflight = (line: Record<string, unknown>, key: string): boolean =>
  line.operation === 'Preflight' && isAbout(line, key);

interface Ways {
  readonly ways: {
    serverTimingOf(url: string): string | undefined;
    uploadByPresignedXhr(options: object): Promise<unknown>;
    uploadByBearerFetch(options: object): Promise<unknown>;
    uploadByLibStorage(options: object): Promise<unknown>;
  };
}

type Abort = (page: Page, options: { url: string; presigned: string; size: number }) => Promise<unknown>;

/** Each begins an upload, and aborts it as soon as some bytes were sent. */
const ABORTS: Readonly<Record<string, Abort>> = {
  XMLHttpRequest: (page, { presigned, size }) =>
    page.evaluate(
      ([url, bytes]) =>
        (globalThis as never as Ways).ways
          .uploadByPresignedXhr({ url, size: bytes, onProgress: (request: { abort(): void }) => request.abort() })
          .catch(() => {}),
      [presigned, size] as const,
    ),
  'lib-storage': (page, options) =>
    page.evaluate(
      (argument) =>
        (globalThis as never as Ways).ways
          .uploadByLibStorage({ ...argument, onProgress: (upload: { abort(): Promise<void> }) => void upload.abort() })
          .catch(() => {}),
      options,
    ),
};
