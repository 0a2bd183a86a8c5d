import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Form, readForm } from '../../../src/form/read-form.ts';
import {
  BOUNDARY,
  END,
  type EncodedForm,
  field,
  filePart,
  handWritten,
  incomingForm,
  part,
} from '../../support/forms.ts';

const PACE = { idleMillis: 5_000, leastRate: 0 };
const read = ({ contentType, bytes }: EncodedForm): Promise<Form> => readForm(incomingForm(contentType, [bytes]), PACE);

/** The reason of the refusal; `accepted` where there was none, and the file came whole. */
async function reasonOf(reading: Promise<Form>): Promise<string> {
  try {
    const { file } = await reading;
    for await (const _ of file.open());
    return 'accepted';
  } catch (error) {
    const { type, reason } = error as { type: string; reason: string | undefined };
    return reason ?? type;
  }
}

describe('readForm: hostile forms', () => {
  const key = field('key', 'k');
  const file = filePart('content');
  const many = Array.from({ length: 10_000 }, (_, i) => field(`f${i}`, '')).join('');
  const withBoundary = (boundary: string): EncodedForm => ({
    contentType: `multipart/form-data${boundary}`,
    bytes: handWritten(key, file, END).bytes,
  });
  const refused: [what: string, form: EncodedForm, reason: string][] = [
    ['no boundary', withBoundary(''), 'no_boundary'],
    ['an empty boundary', withBoundary('; boundary=""'), 'no_boundary'],
    ['a boundary of 71 characters', withBoundary(`; boundary=${'b'.repeat(71)}`), 'no_boundary'],
    ['a boundary with a control character', withBoundary('; boundary="a\tb"'), 'no_boundary'],
    ['a boundary that ends with a space', withBoundary('; boundary="ab "'), 'no_boundary'],
    ['two boundaries', withBoundary(`; boundary=${BOUNDARY}; boundary=other`), 'no_boundary'],
    ['another boundary than the one announced', withBoundary('; boundary=other'), 'no_delimiter'],
    ['a preamble', handWritten('hello\r\n', key, file, END), 'no_delimiter'],
    ['a delimiter that goes on', handWritten(key, file.replace(BOUNDARY, `${BOUNDARY}x`), END), 'malformed_part'],
    ['no file', handWritten(key, END), 'no_file'],
    ['no field at all', handWritten(END), 'no_file'],
    ['two files', handWritten(key, file, filePart('other'), END), 'two_files'],
    ['a field after the file that does not end', handWritten(key, file, field('submit', 'Send')), 'no_end'],
    ['21 KiB after the file', handWritten(key, file, field('a', 'a'.repeat(21_000)), END), 'tail_too_large'],
    ['an epilogue', handWritten(key, file, END, 'more'), 'no_end'],
    ['a duplicate field', handWritten(key, field('KEY', 'other'), file, END), 'duplicate_field'],
    [
      'two fields for one header',
      handWritten(key, field('acl', 'private'), field('x-amz-acl', 'private'), file, END),
      'duplicate_field',
    ],
    ['10,000 fields', handWritten(key, many, file, END), 'too_many_fields'],
    [
      '101 fields',
      handWritten(
        many
          .split(`--${BOUNDARY}`)
          .slice(1, 102)
          .map((one) => `--${BOUNDARY}${one}`)
          .join(''),
        file,
        END,
      ),
      'too_many_fields',
    ],
    ['a field of 1 MB', handWritten(key, field('x-amz-meta-a', 'a'.repeat(1_000_000)), file, END), 'fields_too_large'],
    ['a name of 1 MB', handWritten(key, field('a'.repeat(1_000_000), ''), file, END), 'fields_too_large'],
    ['a head of 1 MB', handWritten(part(`X-A: ${'a'.repeat(1_000_000)}`, ''), file, END), 'fields_too_large'],
    [
      'a head of 1,000 lines',
      handWritten(part(`${'X-A: b\r\n'.repeat(1_000)}X-B: c`, ''), file, END),
      'malformed_part',
    ],
    ['white space without end', handWritten(`--${BOUNDARY}${' '.repeat(100_000)}`), 'fields_too_large'],
    ['a part without a head', handWritten(`--${BOUNDARY}\r\n\r\nvalue\r\n`, file, END), 'malformed_part'],
    [
      'a part without Content-Disposition',
      handWritten(part('Content-Type: text/plain', 'k'), file, END),
      'malformed_part',
    ],
    [
      'a part with two of them',
      handWritten(
        part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"', 'k'),
        file,
        END,
      ),
      'malformed_part',
    ],
    [
      'a part that is an attachment',
      handWritten(part('Content-Disposition: attachment; name="key"', 'k'), file, END),
      'malformed_part',
    ],
    [
      'a folded header',
      handWritten(part('Content-Disposition: form-data;\r\n name="key"', 'k'), file, END),
      'malformed_part',
    ],
    [
      'a bare line feed in a head',
      handWritten(part('Content-Disposition: form-data; name="key"\nX-A: b', 'k'), file, END),
      'malformed_part',
    ],
    ['two names', handWritten(field('key"; name="other', 'k'), file, END), 'malformed_part'],
    [
      'an open quotation',
      handWritten(part('Content-Disposition: form-data; name="key', 'k'), file, END),
      'malformed_part',
    ],
    ['no name', handWritten(part('Content-Disposition: form-data', 'k'), file, END), 'malformed_name'],
    ['an empty name', handWritten(field('', 'k'), file, END), 'malformed_name'],
    ['a name that is not ASCII', handWritten(field('\u212aey', 'k'), file, END), 'malformed_name'],
    ['filename*', handWritten(key, file.replace('filename=', "filename*=UTF-8''"), END), 'malformed_part'],
    [
      'filename* beside filename',
      handWritten(key, file.replace('filename=', 'filename*=x; filename='), END),
      'extended_parameter',
    ],
    [
      'base64',
      handWritten(
        part('Content-Disposition: form-data; name="key"\r\nContent-Transfer-Encoding: base64', 'aw=='),
        file,
        END,
      ),
      'encoded_part',
    ],
    [
      'a line feed in a header',
      handWritten(key, field('x-amz-meta-a', 'b\r\nx-amz-acl: public-read'), file, END),
      'bad_value',
    ],
    ['a NUL in a header', handWritten(key, field('content-type', 'a\0b'), file, END), 'bad_value'],
    ['a space in the name of a header', handWritten(key, field('x-amz-meta-a: b', 'c'), file, END), 'bad_value'],
    [
      'a control character from the name of the file',
      handWritten(key, field('x-amz-meta-a', `\${filename}`), filePart('x', 'a\x01b'), END),
      'bad_value',
    ],
    ['tags that are not XML', handWritten(key, field('tagging', 'a=b'), file, END), 'malformed_xml'],
    [
      'tags in two fields',
      handWritten(key, field('tagging', '<Tagging/>'), field('x-amz-tagging', 'a=b'), file, END),
      'duplicate_field',
    ],
    [
      'framing of its own',
      handWritten(key, field('x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'), file, END),
      'field_not_offered',
    ],
  ];
  for (const [what, form, reason] of refused) {
    it(`rejects ${what}`, async () => assert.equal(await reasonOf(read(form)), reason));
  }

  it('rejects a field that is not UTF-8', async () => {
    const bytes = Buffer.from(handWritten(field('key', '\u00e9'), file, END).bytes.toString('utf8'), 'latin1');
    const { contentType } = handWritten();
    assert.equal(await reasonOf(read({ contentType, bytes })), 'not_utf8');
  });

  it('accepts fields of the maximum size, and rejects one byte more', async () => {
    const room =
      20 * 1024 - handWritten(key, field('x-ignore-a', ''), file.slice(0, file.indexOf('content'))).bytes.length;
    const sized = (size: number): EncodedForm => handWritten(key, field('x-ignore-a', 'a'.repeat(size)), file, END);
    assert.equal(await reasonOf(read(sized(room))), 'accepted');
    assert.equal(await reasonOf(read(sized(room + 1))), 'fields_too_large');
  });

  it('rejects an invalid tail after a large file', async () => {
    const large = filePart('a'.repeat(200_000));
    for (const [more, reason] of [
      [filePart('b'), 'two_files'],
      [filePart('b'.repeat(100_000)), 'tail_too_large'],
      [field('a', 'b'.repeat(100_000)), 'tail_too_large'],
      ['no part\r\n', 'no_end'],
    ] as const) {
      const { contentType, bytes } = handWritten(key, large, more, more.startsWith('no') ? '' : END);
      const form = await readForm(incomingForm(contentType, [bytes.subarray(0, 70_000), bytes.subarray(70_000)]), PACE);
      assert.equal(await reasonOf(Promise.resolve(form)), reason);
    }
  });
});
