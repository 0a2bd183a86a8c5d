/** The documents: what they name and link exists, readers find every page from the index, and each kind has its form. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => join('docs', file));
const documents = [...readdirSync(root).filter((file) => file.endsWith('.md')), ...pages];
const decisions = pages.filter((page) => dirname(page) === 'docs/decisions' && basename(page) !== 'README.md');

/** What a document links to, from the root of the project, with the anchor if there is one. */
const linksOf = (document: string): [path: string, anchor: string | undefined][] =>
  [...read(document).matchAll(/\]\(([^)#:\s]*)(?:#([^)]*))?\)/g)].map(([, path, anchor]) => [
    path === '' ? document : normalize(join(dirname(document), path!)),
    anchor,
  ]);

/** As GitHub makes them of headings. */
const anchorsOf = (document: string): string[] =>
  [...read(document).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

function reachableFrom(start: string): Set<string> {
  const reached = new Set([start]);
  for (const page of reached)
    for (const [path] of linksOf(page)) if (path.endsWith('.md') && existsSync(join(root, path))) reached.add(path);
  return reached;
}

describe('the documents', () => {
  it('name tests and sources that exist', () => {
    const missing = documents.flatMap((document) =>
      [...read(document).matchAll(/`((?:test|src|bench|scripts)\/[\w./-]+)`/g)]
        .map((match) => match[1]!)
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${document}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  it('exist if a source names them', () => {
    const sources = ['src', 'scripts', 'test', 'bench', 'demo', 'deploy', 'examples'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(?:ts|ya?ml|json)$/.test(file))
        .map((file) => join(folder, file)),
    );
    const missing = sources.flatMap((source) =>
      [...read(source).matchAll(/(?<!\w\/)\bdocs\/[\w/-]+\.md\b/g)]
        .filter(([path]) => !existsSync(join(root, path)))
        .map(([path]) => `${source}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  it('link to files that exist', () => {
    const missing = documents.flatMap((document) =>
      linksOf(document)
        .filter(([path]) => !existsSync(join(root, path)))
        .map(([path]) => `${document}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  it('link to headings that exist', () => {
    const missing = documents.flatMap((document) =>
      linksOf(document)
        .filter(([path, anchor]) => anchor !== undefined && path.endsWith('.md') && existsSync(join(root, path)))
        .filter(([path, anchor]) => !anchorsOf(path).includes(anchor!))
        .map(([path, anchor]) => `${document}: ${path}#${anchor}`),
    );
    assert.deepEqual(missing, []);
  });

  it('begin with a README of at most 150 lines', () => {
    assert.ok(read('README.md').trimEnd().split('\n').length <= 150);
  });

  it('have a map with every directory of src', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(
      rooms.map(({ name }) => `src/${name}`).filter((room) => !read('CONTRIBUTING.md').includes(`\`${room}\``)),
      [],
    );
  });

  it('are all reachable from docs/README.md', () => {
    const reached = reachableFrom('docs/README.md');
    assert.deepEqual(
      pages.filter((page) => !reached.has(page)),
      [],
    );
  });

  it('have lower-case names', () => {
    const named = pages.filter((page) => !/^[a-z0-9-]+\.md$/.test(basename(page)));
    assert.deepEqual(
      named.filter((page) => basename(page) !== 'README.md'),
      ['docs/TRACING.md'],
    );
  });
});

describe('the decisions', () => {
  it('are in the index', () => {
    const listed = linksOf('docs/decisions/README.md').map(([path]) => path);
    assert.deepEqual(
      decisions.filter((page) => !listed.includes(page)),
      [],
    );
  });

  it('have a context, a decision and its consequences', () => {
    const incomplete = decisions.filter((page) => {
      const headings = [...read(page).matchAll(/^## (.*)$/gm)].map((match) => match[1]!);
      return !['Context', 'Decision', 'Consequences'].every((heading) => headings.includes(heading));
    });
    assert.deepEqual(incomplete, []);
  });
});
