import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartList } from '../../../src/upload/complete-document.ts';

const part = (number: number | string, etag = '"abc"') =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
const document = (inner: string) => Buffer.from(`<CompleteMultipartUpload>${inner}</CompleteMultipartUpload>`);

/** In pieces of so many bytes, as sockets cut them. */
function readPartList(document: Buffer, pieceBytes = 7): readonly string[] {
  const list = new PartList();
  for (let at = 0; at < document.length; at += pieceBytes) list.write(document.subarray(at, at + pieceBytes));
  return list.end();
}

describe('PartList', () => {
  it('counts parts in every spelling that clients use', () => {
    const spellings = [
      part(1, '&quot;abc&quot;'),
      part(2, '&#34;abc&#34;'),
      part(3, 'abc'),
      '<Part><ETag>"abc"</ETag><PartNumber>4</PartNumber><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>',
    ].join('\n');
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${spellings}</CompleteMultipartUpload>`;
    assert.deepEqual(readPartList(Buffer.from(xml)), ['"abc"', '"abc"', 'abc', '"abc"']);
  });

  it('reads the same in pieces of any size', () => {
    const xml = document(part(1, '&quot;ä€😀&quot;') + part(2, '<![CDATA[b]]>'));
    for (let size = 1; size <= xml.length; size++)
      assert.deepEqual(readPartList(xml, size), ['"ä€😀"', 'b'], `${size}`);
  });

  it('refuses nonsense before its end has come', () => {
    const list = new PartList();
    assert.throws(() => list.write(Buffer.from('<!DOCTYPE x [<!ENTITY a "b">]>')), { code: 'MalformedXML' });
    assert.throws(() => new PartList().write(Buffer.from('<Delete><Obj')), { code: 'MalformedXML' });
  });

  it('takes 10,000 parts and not one more', () => {
    const all = Array.from({ length: 10_000 }, (_, i) => part(i + 1)).join('');
    assert.equal(readPartList(document(all)).length, 10_000);
    assert.throws(() => readPartList(document(all + part(1))), { code: 'MalformedXML' });
  });

  const broken: [what: string, xml: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['no part', document('')],
    ['another root', Buffer.from('<Delete><Object><Key>k</Key></Object></Delete>')],
    ['an unclosed element', Buffer.from(`<CompleteMultipartUpload>${part(1)}`)],
    ['something after the end', Buffer.from(`${document(part(1))}<x/>`)],
    ['a document type', Buffer.from(`<!DOCTYPE x [<!ENTITY a "b">]>${document(part(1))}`)],
    ['an unknown entity', document(part(1, '&bomb;'))],
    ['a part number of 0', document(part(0))],
    ['a part number of 1e3', document(part('1e3'))],
    ['a part number of 10001', document(part(10_001))],
    ['a part without ETag', document('<Part><PartNumber>1</PartNumber></Part>')],
    ['deep nesting', document(`<Part><PartNumber><a><b/></a></PartNumber></Part>`)],
    ['bytes that are not UTF-8', Buffer.concat([document(part(1)), Buffer.from([0xff])])],
  ];
  for (const [what, xml] of broken) {
    it(`refuses ${what}`, () => assert.throws(() => readPartList(xml), { name: 'Failure', code: 'MalformedXML' }));
  }
});
