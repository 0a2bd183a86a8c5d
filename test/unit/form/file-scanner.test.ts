import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boundaryOf } from '../../../src/form/boundary.ts';
import { FileScanner } from '../../../src/form/file-scanner.ts';

const boundary = boundaryOf('multipart/form-data; boundary=b-b');
const END = '\r\n--b-b--\r\n';

interface Scan {
  readonly given: string;
  readonly over: boolean;
  readonly reason: string | undefined;
}

/** The file is what comes before a closing delimiter at the very end, as its length has it. */
function scan(text: string, pieces: readonly string[]): Scan {
  let given = '';
  let over = false;
  const scanner = new FileScanner(boundary, text.length - END.length, (bytes) => {
    given += bytes.toString('latin1');
  });
  try {
    for (const piece of pieces) over = scanner.write(Buffer.from(piece, 'latin1'));
    return { given, over, reason: undefined };
  } catch (error) {
    return { given, over: false, reason: (error as { reason: string }).reason };
  }
}

/** Every way to cut a text in two or three. */
function* splits(text: string): Generator<readonly string[]> {
  for (let i = 0; i <= text.length; i++)
    for (let j = i; j <= text.length; j++) yield [text.slice(0, i), text.slice(i, j), text.slice(j)];
}

describe('FileScanner', () => {
  const files = ['', 'a', '\r\n', '\r\n--b-', '\r\n--b-\r\n--b\r\n--', '--b-b--\r\n', '-b-b\r\n--b-c', 'abc\r\n\r\n--'];
  for (const file of files) {
    it(`takes ${JSON.stringify(file)} in any pieces, and all of it only at the end of the form`, () => {
      const text = file + END;
      for (const pieces of splits(text)) {
        assert.deepEqual(scan(text, pieces), { given: file, over: true, reason: undefined });
        const unfinished = scan(text, [...pieces.slice(0, -1), (pieces.at(-1) as string).slice(0, -1)]);
        assert.equal(unfinished.over, (pieces.at(-1) as string) === '');
        if (!unfinished.over && file !== '') assert.ok(unfinished.given.length < file.length);
      }
    });
  }

  const broken: [text: string, reason: string][] = [
    [`a\r\n--b-b\r\nb${END}`, 'after_file'],
    [`\r\n--b-b--\r\n${END}`, 'after_file'],
    [`a\r\n--b-bb${END}`, 'after_file'],
    ['abc\r\n--b-b--\r\r\n', 'no_end'],
    ['abc\r\n--b-b--', 'no_end'],
    [`abc${END}x`, 'no_end'],
    [`abc${END}`.replace('b-b', 'B-b'), 'no_end'],
    ['a'.repeat(30), 'no_end'],
  ];
  for (const [text, reason] of broken) {
    it(`refuses ${JSON.stringify(text)} in any pieces, before it has given the file`, () => {
      for (const pieces of splits(text)) {
        const found = scan(text, pieces);
        assert.equal(found.reason, reason, JSON.stringify(pieces));
        assert.ok(found.given.length < Math.max(1, text.length - END.length));
      }
    });
  }
});
