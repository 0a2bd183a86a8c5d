import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tagsOfDocument } from '../../../src/form/tagging-document.ts';

const tagging = (tags: string): string => `<Tagging><TagSet>${tags}</TagSet></Tagging>`;

describe('tagsOfDocument', () => {
  const accepted: [document: string, header: string][] = [
    [tagging('<Tag><Key>a</Key><Value>b</Value></Tag>'), 'a=b'],
    [tagging('<Tag>\n <Key>a</Key>\n <Value>b c+d</Value>\n</Tag>\n<Tag><Key>e</Key><Value/></Tag>'), 'a=b%20c%2Bd&e='],
    [tagging('<Tag><Key>&lt;&#x20AC;</Key><Value><![CDATA[&]]></Value></Tag>'), '%3C%E2%82%AC=%26'],
    [`<?xml version="1.0"?>${tagging('<Tag><Value>b</Value><Key>a</Key></Tag>')}`, 'a=b'],
    [tagging(''), ''],
    ['<Tagging/>', ''],
  ];
  for (const [document, header] of accepted) {
    it(`reads ${document}`, () => assert.equal(tagsOfDocument(document), header));
  }

  const refused: [what: string, document: string][] = [
    ['nothing', ''],
    ['no XML', 'a=b'],
    ['another root', '<TagSet/>'],
    ['a document that ends early', '<Tagging><TagSet>'],
    ['a second document', '<Tagging/><Tagging/>'],
    ['another element', tagging('<Tag><Key>a</Key><Value>b</Value><More/></Tag>')],
    ['an element within a value', tagging('<Tag><Key>a</Key><Value><b/></Value></Tag>')],
    ['a tag without a key', tagging('<Tag><Value>b</Value></Tag>')],
    ['a tag with an empty key', tagging('<Tag><Key/><Value>b</Value></Tag>')],
    ['a tag with two keys', tagging('<Tag><Key>a</Key><Key>b</Key></Tag>')],
    ['text between tags', tagging('text')],
    ['an unpaired surrogate', tagging('<Tag><Key>&#xD800;</Key></Tag>')],
    ['entities of its own', `<!DOCTYPE t [<!ENTITY e "x">]>${tagging('<Tag><Key>&e;</Key></Tag>')}`],
  ];
  for (const [what, document] of refused) {
    it(`rejects ${what}`, () => assert.throws(() => tagsOfDocument(document), { type: 'malformed_xml' }));
  }
});
