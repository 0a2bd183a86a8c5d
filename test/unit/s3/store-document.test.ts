import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { elementOf, readStoreDocument } from '../../../src/s3/store-document.ts';

describe('a document of a store', () => {
  it('has the texts of the elements directly below its root', () => {
    const xml =
      '<?xml version="1.0"?><R xmlns="urn:r"><ETag>&quot;a&quot;</ETag><Part><ETag>b</ETag></Part><Key><![CDATA[<k>]]></Key></R>';
    assert.deepEqual(readStoreDocument(xml), {
      root: 'R',
      texts: new Map([
        ['ETag', '"a"'],
        ['Key', '<k>'],
      ]),
    });
    assert.deepEqual([elementOf(xml, 'ETag'), elementOf(xml, 'UploadId')], ['"a"', undefined]);
  });

  it('may have prefixes and character references', () => {
    assert.equal(elementOf('<s:R xmlns:s="urn:r"><s:UploadId>a&#x2F;b&amp;c</s:UploadId></s:R>', 'UploadId'), 'a/b&c');
  });

  for (const xml of [
    '',
    'no document',
    '<R><ETag>a</ETag>',
    '<R><ETag></ETag></R>',
    '<R><ETag>a</Etag></R>',
    '<ETag>a</ETag>',
  ]) {
    it(`has no element in ${JSON.stringify(xml)}`, () => assert.equal(elementOf(xml, 'ETag'), undefined));
  }
});
