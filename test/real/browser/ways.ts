/** The ways in which pages upload: what docs/browsers.md calls them, and how the test makes a page do it. */
import type { Page } from 'playwright-core';
import { BUCKET } from '../support/gateway-in-front.ts';
import { pattern } from './pattern.ts';
import type { BrowserScene, UploadOptions } from './scene.ts';

/** What came of it, as the page sees it. */
export interface Outcome {
  readonly refusal?: { readonly status: number; readonly code: string | null; readonly requestId: string | null };
  /** Bytes of which the page was told that they were sent. */
  readonly progress?: number;
  /** What a library says instead of a status. */
  readonly failure?: string;
}

export type Way = (scene: BrowserScene, page: Page, options: UploadOptions) => Promise<Outcome>;

/** Calls a function of `page/ways.js` in the page. */
export const call = (page: Page, name: string, options: object): Promise<Outcome> =>
  page.evaluate(([way, argument]) => (globalThis as never as PageGlobals).ways[way]!(argument), [
    name,
    options,
  ] as const);

interface PageGlobals {
  readonly ways: Readonly<Record<string, (options: object) => Promise<Outcome>>>;
  readonly sign: (request: object) => Promise<string>;
  readonly signForm: (key: string, most: number) => Promise<object>;
}

/** Uppy calls back for signatures; functions do not travel into the page. */
const callUppy = (page: Page, name: string, options: UploadOptions): Promise<Outcome> =>
  page.evaluate(
    ([way, argument]) => {
      const { ways, sign, signForm } = globalThis as never as PageGlobals;
      return ways[way]!({ ...argument, sign, signForm: () => signForm(argument.key, argument.size) });
    },
    [name, options] as const,
  );

export const WAYS: Readonly<Record<string, Way>> = {
  'XMLHttpRequest, presigned URL': async ({ signer }, page, options) => {
    const url = await signer.url({ method: 'PUT', key: options.key });
    return call(page, 'uploadByPresignedXhr', { ...options, url });
  },
  'fetch, bearer token': (_scene, page, options) => call(page, 'uploadByBearerFetch', options),
  '`<form>` with a signed policy': submitForm,
  'fetch of FormData, signed policy': async ({ signer }, page, options) => {
    const { url, fields } = await signer.form(options.key, options.size);
    return call(page, 'uploadByFormFetch', { size: options.size, url, fields });
  },
  'the same, with fields after the file': async ({ signer }, page, options) => {
    const { url, fields } = await signer.form(options.key, options.size);
    return call(page, 'uploadByFormFetch', { size: options.size, url, fields, after: { submit: 'Upload' } });
  },
  'fetch of FormData, bearer token': (_scene, page, { endpoint, key, size, token }) =>
    call(page, 'uploadByFormFetch', { url: `${endpoint}/${BUCKET}`, fields: { key }, size, token }),
  '@aws-sdk/lib-storage, session token': (_scene, page, options) => call(page, 'uploadByLibStorage', options),
  'Uppy, presigned PUT': (_scene, page, options) => callUppy(page, 'uploadByUppy', options),
  'Uppy, presigned parts': (_scene, page, options) => callUppy(page, 'uploadByUppyParts', options),
  'Uppy, signed policy': (_scene, page, options) => callUppy(page, 'uploadByUppyForm', options),
  'Uppy, session token': (_scene, page, options) => callUppy(page, 'uploadByUppyKeys', options),
};

/** A person chooses a file and clicks: the browser leaves the page, and goes where the form says. */
async function submitForm(scene: BrowserScene, page: Page, { key, size }: UploadOptions): Promise<Outcome> {
  const done = `${scene.site.origin}/done`;
  const { url, fields } = await scene.signer.form(key, size, { success_action_redirect: done });
  scene.site.showForm(url, fields);
  await page.goto(`${scene.site.origin}/form`);
  await page.setInputFiles('input[type=file]', await scene.fileWith(pattern(size)));
  await Promise.all([page.waitForNavigation(), page.click('input[type=submit]')]);
  const end = new URL(page.url());
  const failure = end.searchParams.get('key') === key ? undefined : await page.content();
  await page.goto(scene.site.origin);
  return failure === undefined ? {} : { failure };
}
