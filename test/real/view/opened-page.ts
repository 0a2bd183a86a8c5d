/** A page of the view in Chromium, and all that it complained about: errors, violations of the policy, requests to other hosts. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { Browser } from '../browser/chromium.ts';

export interface OpenedPage {
  readonly page: Page;
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<OpenedPage> {
  const page = await browser.context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`request to ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.setViewportSize({ width: look.width ?? 1280, height: look.height ?? 800 });
  await page.emulateMedia({ colorScheme: look.colorScheme ?? 'light', reducedMotion: 'reduce' });
  await page.goto(url);
  return { page, complaints, close: () => page.close() };
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[];
  }[];
}

/** @throws AssertionError if axe-core finds something serious or critical. */
export async function isAccessible(page: Page, name: string): Promise<void> {
  // Through the debugger: the policy of the page does not apply to it.
  await page.evaluate(await axe);
  const { violations } = await page.evaluate(
    () => (globalThis as never as { axe: { run(): Promise<AxeResults> } }).axe.run() as Promise<AxeResults>,
  );
  const found = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${JSON.stringify(node.target)} ${node.failureSummary}`).join('; ')}`,
    );
  assert.deepEqual(found, [], name);
}
