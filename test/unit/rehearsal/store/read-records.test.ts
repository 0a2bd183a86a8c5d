import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCompleteDocument } from '../../../../src/rehearsal/store/operations/complete-document.ts';
import { readRecords } from '../../../../src/rehearsal/store/read-records.ts';

const MD5 = '5d41402abc4b2a76b9719d911017c592';
const complete = (inner: string): Buffer =>
  Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</CompleteMultipartUpload>`,
  );
const part = (number: string, etag: string, more = ''): string =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`;

describe('documents of the store', () => {
  it('accept every form of ETag that clients send', () => {
    for (const etag of [
      MD5,
      `"${MD5}"`,
      `&quot;${MD5}&quot;`,
      `&#34;${MD5}&#34;`,
      `<![CDATA["${MD5}"]]>`,
      ` "${MD5}"\n`,
    ]) {
      const [only] = readCompleteDocument(complete(part('1', etag)));
      assert.deepEqual([only?.number, only?.etag], [1, MD5], etag);
    }
  });

  it('accept fields in any order, with a prefix, with checksums', () => {
    const text = `<?xml version="1.0"?><s:CompleteMultipartUpload xmlns:s="x"><s:Part><s:ETag>${MD5}</s:ETag><s:ChecksumSHA256>abc</s:ChecksumSHA256><s:PartNumber>3</s:PartNumber></s:Part></s:CompleteMultipartUpload>`;
    const [only] = readCompleteDocument(Buffer.from(text));
    assert.equal(only?.number, 3);
    assert.deepEqual([...only!.checksums], [['sha256', 'abc']]);
  });

  const BAD: [string, Buffer, string][] = [
    ['nothing', Buffer.alloc(0), 'MalformedXML'],
    ['no XML', Buffer.from('{"a":1}'), 'MalformedXML'],
    ['another root', Buffer.from('<Delete><Part/></Delete>'), 'MalformedXML'],
    ['an element that does not end', Buffer.from('<CompleteMultipartUpload><Part>'), 'MalformedXML'],
    ['something behind the end', Buffer.concat([complete(part('1', MD5)), Buffer.from('<a/>')]), 'MalformedXML'],
    ['a document type', Buffer.from(`<!DOCTYPE a [<!ENTITY b "c">]>${complete(part('1', MD5))}`), 'MalformedXML'],
    ['an unknown entity', complete(part('1', '&b;')), 'MalformedXML'],
    ['too great a depth', complete('<Part><ETag><a/></ETag></Part>'), 'MalformedXML'],
    ['no part', complete(''), 'MalformedXML'],
    ['a part without a number', complete(`<Part><ETag>${MD5}</ETag></Part>`), 'MalformedXML'],
    ['a part without an ETag', complete('<Part><PartNumber>1</PartNumber></Part>'), 'MalformedXML'],
    ['10,001 parts', complete(part('1', MD5).repeat(10_001)), 'MalformedXML'],
    ['a number with an exponent', complete(part('1e3', MD5)), 'InvalidArgument'],
    ['the number zero', complete(part('0', MD5)), 'InvalidArgument'],
    ['a number beyond the last', complete(part('10001', MD5)), 'InvalidArgument'],
    ['a number twice', complete(part('2', MD5) + part('2', MD5)), 'InvalidPartOrder'],
  ];
  for (const [what, document, expected] of BAD) {
    it(`reject ${what}`, () => {
      assert.throws(() => readCompleteDocument(document), { code: expected });
    });
  }

  it('have fields next to their records', () => {
    const text =
      '<Delete><Quiet>true</Quiet><Object><Key>a &amp; b</Key></Object><Object><Key>c</Key></Object></Delete>';
    const { fields, records } = readRecords(Buffer.from(text), 'Delete', 'Object', 2);
    assert.equal(fields.get('Quiet'), 'true');
    assert.deepEqual(
      records.map((record) => record.get('Key')),
      ['a & b', 'c'],
    );
  });
});
