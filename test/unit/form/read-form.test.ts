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

const PACE = { idleMillis: 5_000, leastRate: 0 };
const read = ({ contentType, bytes }: EncodedForm): Promise<Form> => readForm(incomingForm(contentType, [bytes]), PACE);

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
    it(`reads a file of ${size} bytes encoded by undici`, async () => {
      const file = randomBytes(size);
      const form = await read(await encodeForm(formOf({ key: 'k', 'X-Amz-Meta-U': 'ünï' }, file)));
      const { length, bounds } = form.file;
      assert.ok(length === size || (length === undefined && bounds!.least <= size && size <= bounds!.most));
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

  it('reads a form in chunks of any size', async () => {
    const file = Buffer.from('first line\r\n--the\r\n-- second\r\n\r\n--');
    const { contentType, bytes } = await encodeForm(formOf({ key: `a/\${filename}`, acl: 'private', empty: '' }, file));
    for (let at = 1; at < bytes.length; at++) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      const form = await readForm(incomingForm(contentType, pieces), PACE);
      assert.deepEqual([...form.fields.values()], ['a/photo.jpg', 'private', ''], `split at ${at}`);
      assert.ok((await contentOf(form)).equals(file), `split at ${at}`);
    }
    const single = [...bytes].map((byte) => Buffer.of(byte));
    assert.ok((await contentOf(await readForm(incomingForm(contentType, single), PACE))).equals(file));
  });

  it('rejects a form that is truncated at any byte', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k', acl: 'private' }, Buffer.from('content')));
    for (let length = 0; length < bytes.length - 2; length++) {
      const cut = readForm(incomingForm(contentType, [bytes.subarray(0, length)]), PACE);
      assert.equal(await reasonOf(cut), 'no_end', `cut at ${length}`);
    }
  });

  const ends: [what: string, end: string][] = [
    ['without the CRLF at its end', END.slice(0, -2)],
    ['with a submit button after its file', field('submit', 'Send it') + END],
    ['with 100 fields after its file', field('key', 'other').repeat(100) + END],
  ];
  for (const [what, end] of ends) {
    it(`accepts a form ${what}, of any size`, async () => {
      for (const size of [0, 1000, 65_400, 65_500, 300_000]) {
        const content = 'x'.repeat(size);
        const { contentType, bytes } = handWritten(field('key', 'k'), filePart(content), end);
        for (const at of [bytes.length - 1, bytes.length - end.length - 1, Math.floor(bytes.length / 2)]) {
          const form = await readForm(incomingForm(contentType, [bytes.subarray(0, at), bytes.subarray(at)]), PACE);
          assert.deepEqual([...form.fields], [['key', 'k']]);
          assert.ok((await contentOf(form)).equals(Buffer.from(content)), `${size} bytes`);
          const { length = size, bounds = { least: size, most: size } } = form.file;
          assert.ok(length === size && bounds.least <= size && size <= bounds.most);
        }
      }
    });
  }

  it('rejects a large truncated form', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(100_000)));
    for (const missing of [1, 3, 4, 10, 40]) {
      const pieces = [bytes.subarray(0, 50_000), bytes.subarray(50_000, -missing)];
      const form = await readForm(incomingForm(contentType, pieces), PACE);
      assert.equal(await reasonOf(Promise.resolve(form)), 'no_end', `${missing} bytes missing`);
    }
  });

  it('reports a client that disconnects at any byte', async () => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(100_000)));
    for (const length of [0, 1, 30, 200, 400, 60_000, bytes.length - 1]) {
      const source = new PassThrough();
      const body = { length: bytes.length, open: () => source };
      const reading = readForm({ headers: { 'content-type': contentType }, body } as unknown as Incoming, PACE);
      source.write(bytes.subarray(0, length), () => setImmediate(() => source.destroy()));
      assert.equal(await reasonOf(reading), 'client_aborted', `gone at ${length}`);
    }
  });

  it('times out', async () => {
    const source = new PassThrough();
    const body = { length: 1000, open: () => source };
    const incoming = { headers: { 'content-type': 'multipart/form-data; boundary=b' }, body } as unknown as Incoming;
    await assert.rejects(readForm(incoming, { ...PACE, idleMillis: 10 }), { type: 'client_stalled' });
    assert.ok(source.isPaused());
  });

  it('times out for a client that sends a byte now and then', async (t) => {
    const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(50_000)));
    for (const begun of [0, bytes.length - 40_000]) {
      const source = new PassThrough();
      let sent = begun;
      const drip = setInterval(() => source.write(bytes.subarray(sent, ++sent)), 1);
      t.after(() => clearInterval(drip));
      source.write(bytes.subarray(0, begun));
      const body = { length: bytes.length, open: () => source };
      const incoming = { headers: { 'content-type': contentType }, body } as unknown as Incoming;
      await assert.rejects(readForm(incoming, PACE, undefined, 50), { type: 'client_stalled', status: 408 });
      clearInterval(drip);
      assert.ok(source.isPaused());
    }
  });

  it('does not open a body of undeclared length', async () => {
    const body = { length: undefined, open: () => assert.fail('the body was asked for') };
    const incoming = { headers: { 'content-type': 'multipart/form-data; boundary=b' }, body } as unknown as Incoming;
    await assert.rejects(readForm(incoming, PACE), { type: 'missing_content_length' });
  });

  it('applies backpressure if the file is not read', async () => {
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
    const form = await readForm({ headers: { 'content-type': contentType }, body } as unknown as Incoming, PACE);
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

describe('readForm: the file name', () => {
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

  it('is empty if the client sends none', async () => {
    const file = part('Content-Disposition: form-data; name="file"', 'text');
    const form = await read(handWritten(field('key', `u/\${filename}`), file, END));
    assert.equal(form.fields.get('key'), 'u/');
    assert.equal((await contentOf(form)).toString(), 'text');
  });
});

describe('readForm: alternative spellings', () => {
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
    it(`accepts ${what}`, async () => {
      const { fields, file } = await read(form);
      assert.deepEqual([...fields], [['key', 'k']]);
      assert.equal(file.length, 1);
    });
  }
});
