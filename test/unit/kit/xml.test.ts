import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SaxesParser } from 'saxes';
import { escapeXml, unescapeXml } from '../../../src/kit/xml.ts';

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
      assert.equal(unescapeXml(escapeXml(text)), text);
      assert.equal(contentOf(`<a>${escapeXml(text)}</a>`), text);
    });
  }

  for (const content of ['a&amp;b', '&lt;&gt;&quot;&apos;', '&#65;&#x42;&#x1F600;', '&amp;amp;', '&#x26;lt;']) {
    it(`is unescaped like in a parser: ${content}`, () => {
      assert.equal(unescapeXml(content), contentOf(`<a>${content}</a>`));
    });
  }

  it('is unchanged if it is not a character reference', () => {
    for (const content of [
      '&',
      '& amp;',
      '&amp',
      '&nbsp;',
      '&AMP;',
      '&#X41;',
      '&#;',
      '&#x;',
      '&#x110000;',
      '&#1114112;',
      '&constructor;',
    ])
      assert.equal(unescapeXml(content), content);
  });
});
