import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const documents = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

describe('the documents', () => {
  it('name tests and sources that are there', () => {
    const missing = documents.flatMap((document) =>
      [...read(document).matchAll(/`((?:test|src|bench|scripts)\/[\w./-]+)`/g)]
        .map((match) => match[1]!)
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${document}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  it('link to documents that are there', () => {
    const missing = documents.flatMap((document) =>
      [...read(document).matchAll(/\]\(([^)#:]+\.md)(?:#[^)]*)?\)/g)]
        .map((match) => match[1]!)
        .filter((path) => !existsSync(join(root, dirname(document), path)))
        .map((path) => `${document}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });
});
