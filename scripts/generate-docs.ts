/** Writes the pages that are generated from tables of the source. With `--check` it writes nothing, lists the pages that differ, and exits 1. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PAGES, type Page } from './docs/pages.ts';

const urlOf = ({ file }: Page): URL => new URL(`../${file}`, import.meta.url);

function differs(page: Page): boolean {
  try {
    return readFileSync(urlOf(page), 'utf8') !== page.render();
  } catch {
    return true; // the page does not exist yet
  }
}

const drifted = PAGES.filter(differs);
if (process.argv.includes('--check')) {
  for (const { file } of drifted) console.error(`${file} differs from its source: run npm run docs`);
  process.exitCode = drifted.length > 0 ? 1 : 0;
} else {
  for (const page of drifted) {
    writeFileSync(urlOf(page), page.render());
    console.log(`wrote ${page.file}`);
  }
}
