/** Our prose keeps to the words of HTTP, S3 and OpenTelemetry. `VOCABULARY_AREA=src/config` judges one part only. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AREAS, avoidedWords, shown } from '../support/vocabulary/findings.ts';
import { proseOfDocument } from '../support/vocabulary/prose-of-document.ts';
import { proseOfSource } from '../support/vocabulary/prose-of-source.ts';

/** Of a long list the first lines suffice: `node test/support/vocabulary.ts` prints all. */
const SHOWN = 50;

const areas = process.env.VOCABULARY_AREA?.split(',') ?? AREAS;

describe('the prose of a source', () => {
  const texts = (source: string): string[] => proseOfSource(source).map(({ kind, text }) => `${kind}: ${text.trim()}`);

  it('is its literals with several words, and its comments', () => {
    const source = "import x from './a b.ts';\n// one\n// two\nconst a = 'two words'; /** three */ const b = 'word';";
    assert.deepEqual(texts(source), ['literal: two words', 'comment: one\ntwo', 'comment: three']);
  });

  it('has templates as one sentence, and what their expressions hold', () => {
    assert.deepEqual(texts('f(`a $\u007bb ? `c $\u007bd} e` : { f: 1 }} g`);'), ['literal: c … e', 'literal: a … g']);
  });

  it('is not confused by patterns and divisions', () => {
    assert.deepEqual(texts("const a = /'/.test(b) ? c / d : e[0] / 2; const f = 'after all';"), ['literal: after all']);
  });

  it('has titles of tests, also of one word', () => {
    assert.deepEqual(texts("describe('room', () => { it(`has $\u007bn}`, () => {}); });"), [
      'title: room',
      'title: has …',
    ]);
  });
});

describe('the prose of a document', () => {
  it('leaves out code and addresses, and keeps the lines', () => {
    const page = 'One `code`\nline.\n\n```sh\nask it\n```\n[a link](ask.md)\n';
    assert.deepEqual(
      proseOfDocument(page, 'page.md').map(({ line, text }) => [line, text.trim()]),
      [
        [1, 'One `code`\nline.'],
        [7, '[a link]'],
      ],
    );
  });
});

describe('the vocabulary', () => {
  for (const area of areas)
    it(`of ${area} is plain`, () => {
      const found = avoidedWords([area]).map(shown);
      assert.equal(found.length, 0, [`${found.length} words to replace`, ...found.slice(0, SHOWN)].join('\n'));
    });
});
