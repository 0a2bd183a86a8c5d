/** The embedded store reads requests as well: those of the gateway, and of whoever else reaches its port. */
import { objectCodings } from '../../../src/rehearsal/store/body-promises.ts';
import { parseRange } from '../../../src/rehearsal/store/byte-range.ts';
import { isNotModified, unquoted } from '../../../src/rehearsal/store/conditions.ts';
import { keptHeaders, refuseUnknownHeaders } from '../../../src/rehearsal/store/object-headers.ts';
import { readCompleteDocument } from '../../../src/rehearsal/store/operations/complete-document.ts';
import { findOperation } from '../../../src/rehearsal/store/operations.ts';
import { readRecords } from '../../../src/rehearsal/store/read-records.ts';
import { parseHead } from '../../../src/rehearsal/store/request-head.ts';
import { S3Error } from '../../../src/rehearsal/store/s3-error.ts';
import { asItIs, type Parser } from './parser.ts';

const refuses = (error: unknown): boolean => error instanceof S3Error;

export const EMBEDDED_STORE: readonly Parser[] = [
  {
    reads: 'the head of a request to the embedded store',
    files: ['rehearsal/store/request-head.ts', 'rehearsal/store/operations.ts'],
    frames: [(text) => `/bucket/${text}`, (text) => `/bucket/k?${text}`, asItIs],
    pieces: ['%3f', '%', '&', 'a&', '=', '/', '?', '"', 'x-id=&', 'partNumber=1&'],
    refuses,
    read: (text) => findOperation(parseHead('PUT', text, [])),
  },
  {
    reads: 'headers that came often at the embedded store',
    files: ['rehearsal/store/request-head.ts', 'rehearsal/store/object-headers.ts', 'rehearsal/store/body-promises.ts'],
    frames: [asItIs],
    pieces: ['a\n', ',\n', '\n', 'aws-chunked\n'],
    refuses,
    read(text) {
      const raw = text.split('\n').flatMap((value) => ['content-encoding', value]);
      const { headers } = parseHead('PUT', '/bucket/k', raw);
      refuseUnknownHeaders(headers);
      return [keptHeaders(headers), objectCodings(headers['content-encoding'])];
    },
  },
  {
    reads: 'conditions and ranges at the embedded store',
    files: ['rehearsal/store/conditions.ts', 'rehearsal/store/byte-range.ts', 'rehearsal/store/page-size.ts'],
    frames: [asItIs, (text) => `bytes=${text}`],
    pieces: [',', '"', ' ', '0', '-', '"a",', '*'],
    refuses,
    read: (text) => [parseRange(text, 5), unquoted(text), isNotModified({ 'if-match': text }, 'e')],
  },
  {
    reads: 'documents at the embedded store',
    files: ['rehearsal/store/read-records.ts', 'rehearsal/store/operations/complete-document.ts'],
    frames: [asItIs, (text) => `<Delete>${text}</Delete>`, (text) => `<Delete ${text}>`],
    pieces: ['<Object><Key>a</Key></Object>', '<a>', '</a>', '&amp;', ' a="b"', ' ', 'a:', '<!---->', '<'],
    refuses,
    read(text) {
      const records = readRecords(Buffer.from(text, 'latin1'), 'Delete', 'Object', 1000);
      return [records, readCompleteDocument(Buffer.from(text, 'latin1'))];
    },
  },
];
