/** Renders docs/browsers.md: the guide next to this file, then the results that `test/real/browser/browser.real.ts` recorded. */
import { readFileSync } from 'node:fs';
import { head, table } from './markdown.ts';

/** By way, then by size, then by store: `stored`, or the error that the page saw. */
type Recorded = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

const RECORD = new URL('../../test/real/browser/recorded.json', import.meta.url);
const GUIDE = new URL('./browsers-guide.md', import.meta.url);

export function renderBrowsers(): string {
  const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded;
  const sizes = [...new Set(Object.values(recorded).flatMap((way) => Object.keys(way)))];
  const rows = Object.entries(recorded).map(([way, bySize]) => [way, ...sizes.map((size) => cellOf(bySize[size]))]);
  const guide = readFileSync(GUIDE, 'utf8').trimEnd();
  return `${head('Uploads from web pages')}\n${guide}\n\n${INTRODUCTION}\n${table(['way', ...sizes], rows)}\n`;
}

function cellOf(byStore: Readonly<Record<string, string>> = {}): string {
  const notStored = Object.entries(byStore).filter(([, outcome]) => outcome !== 'stored');
  if (notStored.length > 0) return notStored.map(([store, outcome]) => `${store}: ${outcome}`).join('; ');
  return Object.keys(byStore).length === 0 ? '–' : '✓';
}

const INTRODUCTION = `A page in headless Chromium uploads to the gateway from another origin. MinIO and versitygw are the stores (64 MiB: MinIO). ✓: the page
saw a success, and the object in the store has the SHA-256 of the sent bytes. \`npm run test:real\` repeats it, and fails if a result
differs.
`;
