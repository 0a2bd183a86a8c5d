/** Bundles the page of the live view (`page/`) into `dist/page/`: its files are all that the admin port serves of it. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../page/', import.meta.url));
const [directory = fileURLToPath(new URL('../dist/page/', import.meta.url))] = process.argv.slice(2);

await rm(directory, { recursive: true, force: true });
await mkdir(directory, { recursive: true });
await build({
  entryPoints: [
    { in: `${source}main.tsx`, out: 'page' },
    { in: `${source}page.css`, out: 'page' },
  ],
  outdir: directory,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'eof',
  logLevel: 'warning',
});
for (const file of ['index.html', 'favicon.svg']) await cp(`${source}${file}`, `${directory}/${file}`);
