import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Incoming } from '../../../src/domain/stages.ts';
import { type Form, readForm } from '../../../src/form/read-form.ts';
import {
  BOUNDARY,
  END,
  type EncodedForm,
  encodeForm,
  field,
  filePart,
  formOf,
  handWritten,
  incomingForm,
  part,
} from '../../support/forms.ts';

const IDLE = 5_000;
const read = ({ contentType, bytes }: EncodedForm): Promise<Form> => readForm(incomingForm(contentType, [bytes]), IDLE);

async function contentOf(form: Form): Promise<Buffer> {
  if (form.file.length === 0) return Buffer.alloc(0);
  const pieces: Buffer[] = [];
  for await (const piece of form.file.open()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The reason of the refusal; `accepted` where there was none, and the file came whole. */
async function reasonOf(reading: Promise<Form>): Promise<string> {
  try {
    await contentOf(await reading);
    return 'accepted';
  } catch (error) {
    const { type, reason } = error as { type: string; reason: string | undefined };
    return reason ?? type;
  }
}

describe('readForm', () => {
  for (const size of [0, 1, 60_000, 65_400, 65_536, 70_000, 300_000]) {
    it(`reads a file of ${size} bytes that undici has encoded`, async () => {
      const file = randomBytes(size);
      const form = await read(await encodeForm(formOf({ key: 'k', 'X-Amz-Meta-U': 'ünï' }, file)));
      assert.equal(form.file.length, size);
      assert.deepEqual(
        [...form.fields],
        [
          ['key', 'k'],
          ['x-amz-meta-u', 'ünï'],
        ],
      );
      assert.equal(form.fileName, 'photo.jpg');
      assert.ok((await contentOf(form)).equals(file));
    });
  }

  it('reads the same whatever pieces a form comes in', async () => {
    const file = Buffer.from('first line\r\n--the\r\n-- second\r\n\r\n--');
    const { contentType, bytes } = await encodeForm(formOf({ key: `a/\${filename}`, acl: 'private', empty: '' }, file));
    for (let at = 1; at < bytes.length; at++) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      const form = await readForm(incomingForm(contentType, pieces), IDLE);
      assert.deepEqual([...form.fields.values()], ['a/photo.jpg', 'private', ''], `split at ${at}`);
      assert.ok((await contentOf(form)).equals(file), `split at ${at}`);
    }
    const single = [...bytes].map((byte) => Buffer.of(byte));
    assert.ok((await contentOf(await readForm(incomingForm(contentType, single), IDLE))).equals(file));
  });

  it('refuses a form that ends too early, wherever it does', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k', acl: 'private' }, Buffer.from('content')));
    for (let length = 0; length < bytes.length - 2; length++) {
      const cut = readForm(incomingForm(contentType, [bytes.subarray(0, length)]), IDLE);
      assert.equal(await reasonOf(cut), 'no_end', `cut at ${length}`);
    }
  });

  it('takes a small form without the CRLF at its end', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, Buffer.from('content')));
    const form = await readForm(incomingForm(contentType, [bytes.subarray(0, -2)]), IDLE);
    assert.equal((await contentOf(form)).toString(), 'content');
  });

  it('refuses a large form that ends too early, and gives less than its file', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(100_000)));
    for (const missing of [1, 2, 3, 10, 40]) {
      const pieces = [bytes.subarray(0, 50_000), bytes.subarray(50_000, -missing)];
      const form = await readForm(incomingForm(contentType, pieces), IDLE);
      let given = 0;
      form.file.open().on('data', (piece: Buffer) => {
        given += piece.length;
      });
      const [error] = await once(form.file.open(), 'error');
      assert.equal(error.reason, 'no_end', `${missing} bytes missing`);
      assert.ok(given < (form.file.length as number));
    }
  });

  it('knows that the client has gone, wherever it went', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(100_000)));
    for (const length of [0, 1, 30, 200, 400, 60_000, bytes.length - 1]) {
      const source = new PassThrough();
      const body = { length: bytes.length, open: () => source };
      const reading = readForm({ headers: { 'content-type': contentType }, body } as unknown as Incoming, IDLE);
      source.write(bytes.subarray(0, length), () => setImmediate(() => source.destroy()));
      assert.equal(await reasonOf(reading), 'client_aborted', `gone at ${length}`);
    }
  });

  it('waits no longer than it was told', async () => {
    const source = new PassThrough();
    const body = { length: 1000, open: () => source };
    const incoming = { headers: { 'content-type': 'multipart/form-data; boundary=b' }, body } as unknown as Incoming;
    await assert.rejects(readForm(incoming, 10), { type: 'client_stalled' });
    assert.ok(source.isPaused());
  });

  it('asks for no body whose length is not declared', async () => {
    const body = { length: undefined, open: () => assert.fail('the body was asked for') };
    const incoming = { headers: { 'content-type': 'multipart/form-data; boundary=b' }, body } as unknown as Incoming;
    await assert.rejects(readForm(incoming, IDLE), { type: 'missing_content_length' });
  });

  it('stops reading the client where nobody takes the file', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(1_000_000)));
    const pieces = Array.from({ length: 16 }, (_, i) => bytes.subarray(i * 65_536, (i + 1) * 65_536));
    let asked = 0;
    const source = new Readable({
      highWaterMark: 1,
      read() {
        this.push(pieces[asked++] ?? null);
      },
    });
    const body = { length: bytes.length, open: () => source };
    const form = await readForm({ headers: { 'content-type': contentType }, body } as unknown as Incoming, IDLE);
    const stream = form.file.open();
    stream.once('readable', () => {});
    await once(stream, 'readable');
    assert.ok(source.isPaused());
    assert.ok(asked < 8, `${asked} pieces were asked for`);
    // Whoever throws the rest away is not kept from it, and nothing of it is kept.
    source.resume();
    await once(source, 'end');
    assert.ok(stream.destroyed);
  });
});

describe('readForm: the name of the file', () => {
  const names: [sent: string, name: string][] = [
    ['a.txt', 'a.txt'],
    ['C:\\Program Files\\dir\\file.txt', 'file.txt'],
    ['/home/x/../file.txt', 'file.txt'],
    ['../../etc/passwd', 'passwd'],
    ['dir/', ''],
    ['', ''],
    ['quo%22te.txt', 'quo%22te.txt'],
    ['quo\\"te.txt', 'quo"te.txt'],
    ['%2e%2e%2fx', '%2e%2e%2fx'],
    ['$&$1.txt', '$&$1.txt'],
    ['ünï 🐉.txt', 'ünï 🐉.txt'],
    ['semi;colon=x.txt', 'semi;colon=x.txt'],
  ];
  for (const [sent, name] of names) {
    it(`of ${JSON.stringify(sent)} is ${JSON.stringify(name)}, in every field`, async () => {
      const form = await read(
        handWritten(field('key', `u/\${filename}`), field('x-amz-meta-a', `[\${filename}]`), filePart('x', sent), END),
      );
      assert.deepEqual([...form.fields.values()], [`u/${name}`, `[${name}]`]);
      assert.equal(form.fileName, name);
    });
  }

  it('is empty where the client gave none', async () => {
    const file = part('Content-Disposition: form-data; name="file"', 'text');
    const form = await read(handWritten(field('key', `u/\${filename}`), file, END));
    assert.equal(form.fields.get('key'), 'u/');
    assert.equal((await contentOf(form)).toString(), 'text');
  });
});

describe('readForm: what is written in more than one way', () => {
  const same: [what: string, form: EncodedForm][] = [
    ['names in another case', handWritten(field('KEY', 'k'), filePart('x').replace('file"', 'FILE"'), END)],
    ['unquoted names', handWritten(part('content-disposition:form-data;name=key', 'k'), filePart('x'), END)],
    ['white space after a delimiter', handWritten(field('key', 'k').replace('\r\n', ' \t\r\n'), filePart('x'), END)],
    ['a CRLF before the first delimiter', handWritten('\r\n', field('key', 'k'), filePart('x'), END)],
    [
      'further headers in a part',
      handWritten(
        part('Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="key"\r\nX-A: b', 'k'),
        filePart('x'),
        END,
      ),
    ],
    ['a filename in every part', handWritten(field('key"; filename="key', 'k'), filePart('x'), END)],
    [
      'a quoted boundary',
      {
        contentType: `Multipart/Form-Data; charset=utf-8; Boundary="${BOUNDARY}"`,
        bytes: handWritten(field('key', 'k'), filePart('x'), END).bytes,
      },
    ],
  ];
  for (const [what, form] of same) {
    it(`takes ${what}`, async () => {
      const { fields, file } = await read(form);
      assert.deepEqual([...fields], [['key', 'k']]);
      assert.equal(file.length, 1);
    });
  }
});

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
    ['two files', handWritten(key, file, filePart('other'), END), 'after_file'],
    ['a field after the file', handWritten(key, file, field('acl', 'public-read'), END), 'after_file'],
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
    ['tags', handWritten(key, field('tagging', '<Tagging/>'), file, END), 'field_not_offered'],
    [
      'framing of its own',
      handWritten(key, field('x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'), file, END),
      'field_not_offered',
    ],
  ];
  for (const [what, form, reason] of refused) {
    it(`refuses ${what}`, async () => assert.equal(await reasonOf(read(form)), reason));
  }

  it('refuses a field that is not UTF-8', async () => {
    const bytes = Buffer.from(handWritten(field('key', '\u00e9'), file, END).bytes.toString('utf8'), 'latin1');
    const { contentType } = handWritten();
    assert.equal(await reasonOf(read({ contentType, bytes })), 'not_utf8');
  });

  it('takes a form whose fields are just small enough, and refuses one byte more', async () => {
    const room =
      20 * 1024 - handWritten(key, field('x-ignore-a', ''), file.slice(0, file.indexOf('content'))).bytes.length;
    const sized = (size: number): EncodedForm => handWritten(key, field('x-ignore-a', 'a'.repeat(size)), file, END);
    assert.equal(await reasonOf(read(sized(room))), 'accepted');
    assert.equal(await reasonOf(read(sized(room + 1))), 'fields_too_large');
  });

  it('refuses what follows a large file, before it has given all of it', async () => {
    const large = filePart('a'.repeat(200_000));
    for (const more of [field('acl', 'public-read'), filePart('b'.repeat(100_000))]) {
      const { contentType, bytes } = handWritten(key, large, more, END);
      const form = await readForm(incomingForm(contentType, [bytes.subarray(0, 70_000), bytes.subarray(70_000)]), IDLE);
      assert.equal(await reasonOf(Promise.resolve(form)), 'after_file');
    }
  });
});

describe('readForm: fields as headers', () => {
  it('gives what describes the object, and nothing that only the form needs', async () => {
    const fields = {
      key: 'k',
      bucket: 'b',
      acl: 'private',
      policy: 'p',
      success_action_status: '201',
      'Content-Type': 'text/plain',
      'Cache-Control': 'no-cache',
      'Content-Disposition': 'attachment; filename="ü.txt"',
      'Content-Encoding': 'gzip',
      Expires: 'never',
      'Content-MD5': 'm',
      'X-Amz-Meta-Name': 'ü',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-checksum-crc32': 'AAAAAA==',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'c',
      'X-Amz-Date': 'd',
      'X-Amz-Signature': 's',
      'X-Amz-Security-Token': 't',
      authorization: 'Bearer x',
      connection: 'x-amz-meta-name',
      host: 'elsewhere',
      __proto__: 'p',
      'if-match': 'x',
    };
    const { headers } = await read(await encodeForm(formOf(fields, Buffer.from('x'))));
    assert.deepEqual(headers, {
      'x-amz-acl': 'private',
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'content-disposition': 'attachment; filename="Ã¼.txt"', // the bytes of UTF-8, as headers have them
      'content-encoding': 'gzip',
      expires: 'never',
      'content-md5': 'm',
      'x-amz-meta-name': 'Ã¼',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-sdk-checksum-algorithm': 'CRC32',
      'x-amz-checksum-crc32': 'AAAAAA==',
    });
  });
});
