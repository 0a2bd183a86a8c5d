/** Writes the pages that are made from tables of the source. With `--check` it writes nothing, names the pages that differ, and exits 1. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PAGES, type Page } from './docs/pages.ts';

const urlOf = ({ file }: Page): URL => new URL(`../${file}`, import.meta.url);

function differs(page: Page): boolean {
  try {
    return readFileSync(urlOf(page), 'utf8') !== page.render();
  } catch {
    return true; // there is no such page yet
  }
}

const drifted = PAGES.filter(differs);
if (process.argv.includes('--check')) {
  for (const { file } of drifted) console.error(`${file} is not what its source says: run npm run docs`);
  process.exitCode = drifted.length > 0 ? 1 : 0;
} else {
  for (const page of drifted) {
    writeFileSync(urlOf(page), page.render());
    console.log(`wrote ${page.file}`);
  }
}
