import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { PAGES } from '../../scripts/docs/pages.ts';
import { CONFIG } from '../../src/config/config.ts';
import type { Field } from '../../src/config/field.ts';
import { FAILURES } from '../../src/domain/failures.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

function* fieldNames(field: Field): Generator<string> {
  if (field.kind === 'list') yield* fieldNames(field.item);
  if (field.kind !== 'object') return;
  for (const [name, child] of Object.entries(field.fields)) {
    yield name;
    yield* fieldNames(child);
  }
}

describe('the generated pages', () => {
  for (const { file, render } of PAGES) {
    it(`${file} equals its source (npm run docs)`, () => assert.equal(read(file), render()));
  }

  it('name every field of the configuration', () => {
    const page = read('docs/configuration.md');
    const names = [...fieldNames(CONFIG)];
    assert.ok(names.length > 40);
    for (const name of names) assert.ok(page.includes(`\n| \`${name}\` |`), name);
  });

  it('name every failure, and no other', () => {
    const named = [...read('docs/errors.md').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    assert.deepEqual(named, Object.keys(FAILURES));
  });
});
