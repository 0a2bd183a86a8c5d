/** Forms, chunk framings and documents: what comes after the headers, in pieces of any size. */
import { AwsChunkedDecoder } from '../../../src/body/aws-chunked.ts';
import type { UploadForm } from '../../../src/domain/stages.ts';
import { type Boundary, boundaryOf } from '../../../src/form/boundary.ts';
import { expandFileName } from '../../../src/form/expand-file-name.ts';
import { FieldsParser } from '../../../src/form/fields-parser.ts';
import { FileScanner } from '../../../src/form/file-scanner.ts';
import { headersOfFields } from '../../../src/form/form-headers.ts';
import { checkTail } from '../../../src/form/form-tail.ts';
import { parseParameters } from '../../../src/form/parameters.ts';
import { MAX_FIELD_BYTES } from '../../../src/form/refusals.ts';
import { tagsOfDocument } from '../../../src/form/tagging-document.ts';
import { PartList } from '../../../src/upload/complete-document.ts';
import { compositeEtag } from '../../../src/upload/complete-once.ts';
import { createPostObject } from '../../../src/upload/post-object.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';
import { asItIs, oneByOne, type Parser } from './parser.ts';

const VARIABLE = `\${filename}`;
const BOUNDARY = boundaryOf('multipart/form-data; boundary=B');
const HEAD = '--B\r\nContent-Disposition: form-data; name=';
const FILE = `${HEAD}"file"; filename="a"\r\n\r\n`;
const field = (name: string, value: string): string => `${HEAD}"${name}"\r\n\r\n${value}\r\n`;

function readFields(pieces: Iterable<Buffer>, boundary: Boundary): UploadForm {
  const parser = new FieldsParser(boundary);
  for (const piece of pieces) if (parser.write(piece) !== undefined) break;
  const form = expandFileName(parser);
  headersOfFields(form.fields);
  return form;
}

const SIGNATURE = '0'.repeat(64);
const SIGNED = { verifyChunk: () => true, verifyTrailer: () => true };
function decode(pieces: Iterable<Buffer>, signatures?: typeof SIGNED): number {
  let size = 0;
  const decoder = new AwsChunkedDecoder((bytes) => {
    size += bytes.length;
  }, signatures);
  for (const piece of pieces) decoder.write(piece);
  decoder.end();
  return size + decoder.trailers.size;
}

function readDocument(pieces: Iterable<Buffer>): unknown {
  const list = new PartList();
  for (const piece of pieces) list.write(piece);
  const etags = list.end();
  return [etags, compositeEtag(etags)];
}

const whole = (text: string): Buffer[] => [Buffer.from(text, 'latin1')];
const FORM_FILES = [
  'form/fields-parser.ts',
  'form/part-headers.ts',
  'form/expand-file-name.ts',
  'form/form-headers.ts',
];
const DOCUMENT_FILES = ['upload/complete-document.ts', 'upload/complete-once.ts'];
const forms = {
  frames: [
    asItIs,
    (text: string) => `${field('x-amz-meta-a', text)}${FILE}`,
    (text: string) => `${HEAD}"x-amz-meta-a"; ${text}`,
    (text: string) => `${field('key', VARIABLE)}${HEAD}"file"; filename="${text}"\r\n\r\n`,
    (text: string) => `--B${text}`,
    (text: string) => `${text}${FILE}`,
  ],
  pieces: [
    '\r\n--',
    '\r',
    ' ',
    'a',
    '; b=c',
    '\\',
    '\\"',
    '/',
    VARIABLE,
    '\xff',
    'x: y\r\n',
    field('a', ''),
    FILE,
    '\r\n\r\n',
  ],
  most: MAX_FIELD_BYTES,
};
const chunks = {
  frames: [asItIs, (text: string) => `0\r\n${text}`, (text: string) => `${text}0\r\n\r\n`],
  pieces: ['1\r\na\r\n', '0', 'f', '\r', '\n', '\r\n', 'a:b\r\n', 'x-amz-checksum-crc32: a\r\n', ';', ' '],
};
const documents = {
  frames: [
    asItIs,
    (text: string) => `<CompleteMultipartUpload>${text}</CompleteMultipartUpload>`,
    (text: string) => `<CompleteMultipartUpload><Part><ETag>${text}</ETag><PartNumber>1</PartNumber></Part>`,
    (text: string) => `<CompleteMultipartUpload ${text}>`,
    (text: string) => `<!${text}`,
    (text: string) => `<CompleteMultipartUpload>&${text};`,
  ],
  pieces: [
    '<Part><PartNumber>1</PartNumber><ETag>0</ETag></Part>',
    '<a>',
    '</a>',
    '<a/>',
    '&amp;',
    '&#x61;',
    '&#',
    '1',
    ' ',
    '\n',
    ' a="b"',
    'a:',
    '<!---->',
    '<![CDATA[a]]>',
    ']]',
    '-',
    '<?a b?>',
    '<',
    '"',
    'DOCTYPE ',
  ],
  most: 2 * 1024 * 1024,
};

const postObject = createPostObject(async () => ({ status: 200, headers: { etag: '"0"' }, body: '' }));

export const BODIES: readonly Parser[] = [
  { reads: 'a form up to its file', files: FORM_FILES, ...forms, read: (text) => readFields(whole(text), BOUNDARY) },
  {
    reads: 'a form up to its file, byte by byte',
    files: FORM_FILES,
    ...forms,
    frames: forms.frames.slice(1, 4),
    pieces: ['\r\n--', '\r', 'a', '\\', field('a', '')],
    read: (text) => readFields(oneByOne(text), BOUNDARY),
  },
  {
    reads: 'the file name that is put into the fields of a form',
    files: ['form/expand-file-name.ts'],
    frames: [asItIs],
    pieces: [VARIABLE, VARIABLE.slice(0, 2), '/', '\\', 'a', 'a/', '\xe9'],
    most: MAX_FIELD_BYTES,
    read: (text) =>
      expandFileName({
        fields: new Map([
          ['key', text],
          ['b', text],
        ]),
        fileName: `${text}/${'n'.repeat(100)}`,
      }),
  },
  {
    reads: 'a header with parameters',
    files: ['form/parameters.ts', 'form/boundary.ts'],
    frames: [asItIs, (text) => `form-data; a=${text}`, (text) => `form-data; a="${text}`, (text) => `form-data${text}`],
    pieces: [' ', ';', '; a=b', '"', '\\', '\\"', 'a', '=', '; a="b"', '\t'],
    read: (text) => [parseParameters(text), boundaryOf(text)],
  },
  ...[1, 64, 64 * 1024].map(
    (size): Parser => ({
      reads: `the file of a form in pieces of ${size} bytes`,
      files: ['form/file-scanner.ts'],
      frames: [asItIs],
      pieces: ['\r\n--', '\r\n', '\r', '-', 'a', '\r\n--a'],
      read(text) {
        const bytes = Buffer.from(text, 'latin1');
        const boundary = boundaryOf(`multipart/form-data; boundary=${'a'.repeat(70)}`);
        let read = 0;
        const scanner = new FileScanner(boundary, bytes.length, (piece) => {
          read += piece.length;
        });
        for (let at = 0; at < bytes.length; at += size) scanner.write(bytes.subarray(at, at + size));
        return read;
      },
    }),
  ),
  {
    reads: 'what follows the file of a form',
    files: ['form/form-tail.ts'],
    frames: [
      asItIs,
      (text) => `\r\nContent-Disposition: form-data; name="a"\r\n\r\n${text}\r\n--B--`,
      (text) => `\r\n${text}\r\n\r\n\r\n--B--`,
    ],
    pieces: [
      '\r\n',
      '\r\n--',
      '\r\n--B',
      ' ',
      '-',
      'a',
      '\r\n\r\n',
      '\r\n--B\r\nContent-Disposition: form-data; name=a\r\n\r\n',
    ],
    most: MAX_FIELD_BYTES,
    read: (text) => checkTail(Buffer.from(text, 'latin1'), BOUNDARY),
  },
  {
    reads: 'the tags of a form',
    files: ['form/tagging-document.ts'],
    frames: [
      asItIs,
      (text) => `<Tagging><TagSet>${text}</TagSet></Tagging>`,
      (text) => `<Tagging><TagSet><Tag><Key>${text}</Key></Tag></TagSet></Tagging>`,
    ],
    pieces: [
      '<Tag><Key>a</Key><Value>b</Value></Tag>',
      '<a>',
      '&amp;',
      '&',
      '<![CDATA[',
      ']]>',
      'a',
      '\xe9',
      ' ',
      '<!--',
    ],
    most: MAX_FIELD_BYTES,
    read: tagsOfDocument,
  },
  {
    reads: 'where a browser goes after its form',
    files: ['upload/post-object.ts', 'kit/xml.ts'],
    frames: [asItIs, (text) => `https://a/${text}`, (text) => `https://a?${text}`],
    pieces: ['a', '/', '?', '&', '%', '\xe9', '../', 'https://', ' ', '"'],
    most: MAX_FIELD_BYTES,
    read(text) {
      const fields = new Map([['success_action_redirect', text]]);
      const request = resolvedRequest({ key: 'k', form: { fields, fileName: '' }, incoming: { rawPath: text } });
      return postObject({ ...request, decision: { reason: '' } } as never, {} as never);
    },
  },
  {
    reads: 'unsigned chunks',
    files: ['body/aws-chunked.ts'],
    ...chunks,
    read: (text) => decode(whole(text)),
  },
  {
    reads: 'unsigned chunks, byte by byte',
    files: ['body/aws-chunked.ts'],
    ...chunks,
    read: (text) => decode(oneByOne(text)),
  },
  {
    reads: 'signed chunks',
    files: ['body/aws-chunked.ts', 'body/chunk-verifier.ts'],
    frames: chunks.frames,
    pieces: [
      `1;chunk-signature=${SIGNATURE}\r\na\r\n`,
      `2000;chunk-signature=${SIGNATURE}\r\n${'a'.repeat(8192)}\r\n`,
      'a:b\n',
      ...chunks.pieces,
    ],
    read: (text) => decode(whole(text), SIGNED),
  },
  { reads: 'the parts of an upload', files: DOCUMENT_FILES, ...documents, read: (text) => readDocument(whole(text)) },
  {
    reads: 'the parts of an upload, byte by byte',
    files: DOCUMENT_FILES,
    ...documents,
    frames: documents.frames.slice(1, 4),
    pieces: ['<Part><PartNumber>1</PartNumber><ETag>0</ETag></Part>', '1', '&#', ' a="b"', '<!---->'],
    read: (text) => readDocument(oneByOne(text)),
  },
];
