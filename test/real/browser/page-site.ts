/** The web site whose pages upload: an origin of its own, with one page, one script, and the page of a form. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { escapeXml } from '../../../src/kit/xml.ts';

export class PageSite {
  readonly #server: Server;
  /** HTML of the page of the form. */
  form = '';

  private constructor(script: Uint8Array) {
    this.#server = createServer((request, response) => {
      const [type, body] = this.#answer(request.url ?? '/', script);
      response.setHeader('content-type', type).end(body);
    });
  }

  static async start(): Promise<PageSite> {
    const site = new PageSite(await bundle());
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The page `/form`: its submit button has a name, and follows the file, as in the sample form of AWS. */
  showForm(url: string, fields: Readonly<Record<string, string>>): void {
    const inputs = Object.entries(fields).map(
      ([name, value]) => `<input type="hidden" name="${escapeXml(name)}" value="${escapeXml(value)}">`,
    );
    const form = `<form action="${escapeXml(url)}" method="post" enctype="multipart/form-data">${inputs.join('')}`;
    this.form = `${form}<input type="file" name="file"><input type="submit" name="submit" value="Upload to Amazon S3"></form>`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(url: string, script: Uint8Array): [type: string, body: string | Uint8Array] {
    if (url === '/ways.js') return ['text/javascript', script];
    if (url === '/form') return ['text/html; charset=utf-8', page(this.form)];
    return ['text/html; charset=utf-8', page('<script src="/ways.js"></script>')];
  }
}

const page = (body: string): string =>
  `<!doctype html><link rel="icon" href="data:,"><title>uploads</title><body>${body}</body>`;

async function bundle(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL('page/ways.js', import.meta.url));
  const options = { bundle: true, format: 'iife', globalName: 'ways', platform: 'browser', write: false } as const;
  const { outputFiles } = await build({ entryPoints: [entry], logLevel: 'error', ...options });
  return outputFiles[0]!.contents;
}
