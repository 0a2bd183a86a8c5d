import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SaxesParser } from 'saxes';
import { escapeXml } from '../../../src/kit/xml.ts';

/** What a parser that is not ours reads. */
function contentOf(document: string): string {
  let text = '';
  const parser = new SaxesParser();
  parser.on('error', (error) => assert.fail(error));
  parser.on('text', (piece) => {
    text += piece;
  });
  parser.write(document).close();
  return text;
}

describe('text in XML', () => {
  for (const text of ['', 'plain', `<a href="b">'&amp;'</a>`, '&#38; &lt', 'ünï 😀', ']]>']) {
    it(`is unchanged after escaping and parsing: ${text}`, () => {
      assert.equal(contentOf(`<a>${escapeXml(text)}</a>`), text);
    });
  }
});
