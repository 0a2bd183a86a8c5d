import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boundaryOf } from '../../../src/form/boundary.ts';
import { FileScanner } from '../../../src/form/file-scanner.ts';

const boundary = boundaryOf('multipart/form-data; boundary=b-b');
const FIELD = '\r\nContent-Disposition: form-data; name="submit"\r\n\r\nSend';
const FILE = '\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\nother';

interface Scan {
  readonly given: string;
  /** `accepted` where the form was whole. */
  readonly outcome: string;
}

function scan(pieces: readonly string[]): Scan {
  let given = '';
  const scanner = new FileScanner(boundary, pieces.join('').length, (bytes) => {
    given += bytes.toString('latin1');
  });
  try {
    for (const piece of pieces) scanner.write(Buffer.from(piece, 'latin1'));
    scanner.end();
    return { given, outcome: 'accepted' };
  } catch (error) {
    return { given, outcome: (error as { reason: string }).reason };
  }
}

/** Every way to cut a text in two or three, and into single bytes. */
function* splits(text: string): Generator<readonly string[]> {
  yield [...text];
  for (let i = 0; i <= text.length; i++)
    for (let j = i; j <= text.length; j++) yield [text.slice(0, i), text.slice(i, j), text.slice(j)];
}

describe('FileScanner', () => {
  const files = ['', 'a', '\r\n', '\r\n--b-', '\r\n--b-\r\n--b\r\n--', '--b-b--\r\n', '-b-b\r\n--b-c', 'abc\r\n\r\n--'];
  const ends = [
    '\r\n--b-b--\r\n',
    '\r\n--b-b--',
    `\r\n--b-b${FIELD}\r\n--b-b--\r\n`,
    `\r\n--b-b \t${FIELD}\r\n--b-b--`,
  ];
  for (const file of files) {
    it(`accepts ${JSON.stringify(file)} in any chunks and with any valid tail`, () => {
      for (const end of ends) {
        for (const pieces of splits(file + end)) assert.deepEqual(scan(pieces), { given: file, outcome: 'accepted' });
      }
    });

    it(`rejects a form with ${JSON.stringify(file)} that is truncated before its closing delimiter`, () => {
      for (const end of ends) {
        const shortest = (file + end).replace(/\r\n$/, '');
        for (let length = 0; length < shortest.length; length++) {
          const { given, outcome } = scan([shortest.slice(0, length)]);
          assert.notEqual(outcome, 'accepted');
          assert.ok(file.startsWith(given));
        }
      }
    });
  }

  const broken: [text: string, reason: string][] = [
    ['a\r\n--b-b\r\nb\r\n--b-b--\r\n', 'malformed_part'],
    ['\r\n--b-b--\r\n\r\n--b-b--\r\n', 'malformed_part'],
    ['a\r\n--b-bb\r\n--b-b--\r\n', 'malformed_part'],
    [`a\r\n--b-b${FILE}\r\n--b-b--\r\n`, 'two_files'],
    [`a\r\n--b-b${FIELD}\r\n--b-b${FILE}\r\n--b-b--\r\n`, 'two_files'],
    [`a\r\n--b-b${FIELD}`, 'no_end'],
    [`a\r\n--b-b${FIELD}\r\n--b-b`, 'no_end'],
    ['abc\r\n--b-b--\r\r\n', 'no_end'],
    ['abc\r\n--b-b-', 'no_end'],
    ['abc\r\n--b-b--\r\nx', 'no_end'],
    ['abc\r\n--B-b--\r\n', 'no_end'],
    ['a'.repeat(30), 'no_end'],
  ];
  for (const [text, reason] of broken) {
    it(`rejects ${JSON.stringify(text)} in any chunks`, () => {
      for (const pieces of splits(text)) assert.equal(scan(pieces).outcome, reason, JSON.stringify(pieces));
    });
  }

  it('rejects a file larger than a form of this length allows', () => {
    const scanner = new FileScanner(boundary, 5, () => {});
    scanner.write(Buffer.from('12345'));
    assert.throws(() => scanner.write(Buffer.from('6')), { reason: 'no_end' });
  });

  it('reads at most 20 KiB after the file', () => {
    const tail = (size: number): string => `\r\n--b-b${FIELD}${'x'.repeat(size)}\r\n--b-b--\r\n`;
    const room = 20 * 1024 - tail(0).length + '\r\n--b-b'.length;
    assert.equal(scan(['a', tail(room)]).outcome, 'accepted');
    for (const pieces of [['a', tail(room + 1)], [...`a${tail(room + 1)}`], ['a', tail(1), 'x'.repeat(30_000)]])
      assert.equal(scan(pieces).outcome, 'tail_too_large');
  });
});
