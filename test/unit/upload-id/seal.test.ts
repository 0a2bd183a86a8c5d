import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TraceOrigin } from '../../../src/domain/span.ts';
import { seededRandom } from '../../../src/kit/seeded-random.ts';
import { UploadIds } from '../../../src/upload-id/seal.ts';

const SECRET = 'correct horse battery staple';
const KEY = 'dir/ü €.bin';
const STORE_ID = '2~Xy.z_-A';
const ORIGIN: TraceOrigin = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 3 };
const ALICE = { storeUploadId: STORE_ID, key: KEY, subject: 'alice', origin: ORIGIN };

const ids = new UploadIds(SECRET, 'uploads');
const sealed = ids.seal(ALICE);
const owns = (subject: string | undefined, id = sealed): boolean => ids.belongsTo(ids.open(id, KEY)!, subject);

describe('sealed upload IDs', () => {
  it('return the sealed values', () => {
    const opened = ids.open(sealed, KEY)!;
    assert.deepEqual([opened.storeUploadId, opened.origin], [STORE_ID, ORIGIN]);
    const untraced = ids.open(ids.seal({ ...ALICE, origin: undefined }), KEY)!;
    assert.deepEqual([untraced.storeUploadId, untraced.origin], [STORE_ID, undefined]);
  });

  // Made with the hmac and hashlib of Python, by the description in docs/decisions/sealed-upload-ids.md. Uploads outlive an
  // update of the gateway, so these ids stay what they are.
  it('equal those of another implementation', () => {
    assert.equal(sealed, 'AQMK92UZFs1D3YRI6yEcgDGct61rcWkgMzFycFLuFg8UEw6brecLBYbcMn5YeS56Xy1Bc8B7gFh0A9D3hYTESLJ5kA');
    assert.equal(
      ids.seal({ ...ALICE, subject: undefined, origin: undefined }),
      'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABKhrQDpmINrvUmxaWKVoQDMn5YeS56Xy1BHQ-Ak2a64GoTSkfkWI0YyQ',
    );
  });

  it('contain the creation time in whole seconds, if it is known and fits', () => {
    const createdAt = Date.parse('2026-11-30T12:34:56.789Z');
    const dated = ids.seal({ ...ALICE, createdAt });
    const opened = ids.open(dated, KEY)!;
    assert.deepEqual([opened.storeUploadId, opened.origin, opened.createdAt], [STORE_ID, ORIGIN, createdAt - 789]);
    assert.ok(owns('alice', dated));
    assert.equal(ids.open(sealed, KEY)!.createdAt, undefined);
    const longest = ids.seal({ ...ALICE, storeUploadId: 'x'.repeat(706), createdAt });
    assert.deepEqual([longest.length, ids.open(longest, KEY)!.createdAt], [1024, createdAt - 789]);
    for (const [storeUploadId, time] of [
      ['x'.repeat(707), createdAt],
      [STORE_ID, -1],
      [STORE_ID, 2 ** 32 * 1000],
    ] as const)
      assert.equal(ids.open(ids.seal({ ...ALICE, storeUploadId, createdAt: time }), KEY)!.createdAt, undefined);
  });

  // Made with the hmac and hashlib of Python, as the ids above.
  it('of version 2 equal those of another implementation', () => {
    assert.equal(
      ids.seal({ ...ALICE, createdAt: 1_764_506_096_000 }),
      'AgMK92UZFs1D3YRI6yEcgDGct61rcWkgMzFycFLuFg8UEw6brecLBYbcaSw58DJ-WHkuel8tQcGf-QmN-O-Vy2tvAO4TxPQ',
    );
  });

  it('need no escaping in URLs, for any ID of the store', () => {
    const visible = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
    const id = ids.seal({ ...ALICE, storeUploadId: visible });
    assert.match(id, /^[A-Za-z0-9_-]+$/);
    assert.equal(ids.open(id, KEY)?.storeUploadId, visible);
  });

  it('are valid only for their bucket, key and secret', () => {
    assert.ok(new UploadIds(SECRET, 'uploads').open(sealed, KEY));
    for (const key of ['', 'dir/ü €.bi', `${KEY}n`, 'dir/u\u0308 €.bin', 'DIR/ü €.bin', `/${KEY}`])
      assert.equal(ids.open(sealed, key), undefined, key);
    for (const bucket of ['upload', 'uploadsd', 'Uploads', ''])
      assert.equal(new UploadIds(SECRET, bucket).open(sealed, KEY), undefined, bucket);
    for (const secret of ['', `${SECRET} `, SECRET.slice(1)])
      assert.equal(new UploadIds(secret, 'uploads').open(sealed, KEY), undefined, secret);
  });

  it('separate bucket and key unambiguously', () => {
    const id = new UploadIds(SECRET, 'ab').seal({ ...ALICE, key: 'c' });
    assert.equal(new UploadIds(SECRET, 'a').open(id, 'bc'), undefined);
    assert.equal(new UploadIds(SECRET, 'abc').open(id, ''), undefined);
    assert.ok(new UploadIds(SECRET, 'ab').open(id, 'c'));
  });

  it('belong only to the subject that created the upload', () => {
    assert.ok(owns('alice'));
    for (const subject of [undefined, '', 'Alice', 'alice ', 'bob', 'anonymous', 'subject', 'alice\0'])
      assert.ok(!owns(subject), String(subject));
    const anonymous = ids.seal({ ...ALICE, subject: undefined });
    assert.ok(owns(undefined, anonymous));
    for (const subject of ['', 'anonymous', 'undefined', 'alice']) assert.ok(!owns(subject, anonymous), subject);
    // What UTF-8 cannot hold is somebody, too.
    const odd = ids.seal({ ...ALICE, subject: '\ud800' });
    assert.ok(owns('\ud800', odd));
    for (const subject of ['\ud801', '\udc00', '\ufffd']) assert.ok(!owns(subject, odd));
  });

  it('are invalid with any flipped bit', () => {
    const bytes = Buffer.from(sealed, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const spoiled = Buffer.from(bytes);
      spoiled[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(ids.open(spoiled.toString('base64url'), KEY), undefined, `bit ${bit}`);
    }
  });

  it('are invalid with any changed, added or removed character', () => {
    for (let at = 0; at <= sealed.length; at++) {
      const [head, tail] = [sealed.slice(0, at), sealed.slice(at)];
      for (const other of 'Ag_-+/=. %\n\0é😀'.split(''))
        assert.equal(ids.open(head + other + tail, KEY), undefined, `${other} at ${at}`);
      if (tail === '') continue;
      const next = tail[0] === 'A' ? 'B' : 'A';
      assert.equal(ids.open(head + next + tail.slice(1), KEY), undefined, `changed at ${at}`);
      assert.equal(ids.open(head + tail.slice(1), KEY), undefined, `left out at ${at}`);
      assert.equal(ids.open(head, KEY), undefined, `cut at ${at}`);
    }
  });

  it('have only one encoding', () => {
    for (const storeUploadId of ['a', 'ab', 'abc']) {
      const id = ids.seal({ ...ALICE, storeUploadId });
      assert.ok(ids.open(id, KEY));
      const same = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
        .map((last) => id.slice(0, -1) + last)
        .filter((other) => Buffer.from(other, 'base64url').equals(Buffer.from(id, 'base64url')) && other !== id);
      if (id.length % 4 !== 0) assert.ok(same.length > 0);
      for (const other of [...same, `${id}=`, `${id}==`, ` ${id}`, `${id}\n`, id.replaceAll('_', '/').concat('!')])
        assert.equal(ids.open(other, KEY), undefined, other);
    }
  });

  it('cannot be forged, at any length', () => {
    const random = seededRandom(25);
    const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random() * 256));
    for (const text of [
      '',
      'A',
      '=',
      '.',
      'uploadId',
      STORE_ID,
      '💥'.repeat(200),
      'A'.repeat(1024),
      'A'.repeat(1 << 20),
    ])
      assert.equal(ids.open(text, KEY), undefined, text.slice(0, 20));
    for (let length = 0; length < 200; length++) {
      const forged = bytes(length);
      if (length > 0) forged[0] = 1;
      assert.equal(ids.open(forged.toString('base64url'), KEY), undefined);
    }
  });

  it('have at most 1024 characters: longer IDs of a store are an error', () => {
    for (const length of [1, 600, 710]) {
      const storeUploadId = 'x'.repeat(length);
      const id = ids.seal({ ...ALICE, storeUploadId });
      assert.ok(id.length <= 1024);
      assert.equal(ids.open(id, KEY)?.storeUploadId, storeUploadId);
    }
    for (const storeUploadId of ['', 'x'.repeat(711), 'x'.repeat(1 << 20), 'a b', 'a\nb', 'ü', '\ud800'])
      assert.throws(() => ids.seal({ ...ALICE, storeUploadId }), { name: 'Failure', type: 'store_invalid_answer' });
  });
});
