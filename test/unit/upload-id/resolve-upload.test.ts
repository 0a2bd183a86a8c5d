import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ForObject } from '../../../src/domain/stages.ts';
import { resolveUpload } from '../../../src/upload-id/resolve-upload.ts';
import { type SealingBucket, UploadIds } from '../../../src/upload-id/seal.ts';

const uploadIds = new UploadIds('a secret', 'uploads');
const sealed = uploadIds.seal({ storeUploadId: 'store-upload-1', key: 'k', subject: 'alice', origin: undefined });

function request(uploadId: string | undefined, subject: string | undefined, method = 'jwt', key = 'k') {
  const storeQuery = uploadId === undefined ? [] : [['partNumber', '1'] as const, ['uploadId', uploadId] as const];
  const identity = { method, subject, claims: {}, expiresAt: undefined };
  const bucket = { name: 'uploads', storeBucket: 'b', uploadIds };
  return { bucket, key, uploadId, storeQuery, identity } as unknown as ForObject<SealingBucket>;
}
const refused = (reason: string) => ({
  name: 'Failure',
  type: 'no_such_upload',
  code: 'NoSuchUpload',
  status: 404,
  reason,
});

describe('the upload of a request', () => {
  it("has the store's ID for the store, and the sealed ID for the client", () => {
    const resolved = resolveUpload(request(sealed, 'alice'));
    assert.equal(resolved.uploadId, sealed);
    assert.equal(resolved.storeUploadId, 'store-upload-1');
    assert.deepEqual(resolved.storeQuery, [
      ['partNumber', '1'],
      ['uploadId', 'store-upload-1'],
    ]);
  });

  it('is undefined without an upload ID', () => {
    const resolved = resolveUpload(request(undefined, 'alice'));
    assert.deepEqual([resolved.storeUploadId, resolved.storeQuery], [undefined, []]);
  });

  it('belongs to the same subject with any authentication method', () => {
    for (const method of ['jwt', 'sigv4', 'sigv4+jwt'])
      assert.equal(resolveUpload(request(sealed, 'alice', method)).storeUploadId, 'store-upload-1');
  });

  it('does not exist for other subjects, another key or a forged ID, with the same error', () => {
    for (const subject of ['bob', undefined, ''])
      assert.throws(() => resolveUpload(request(sealed, subject)), refused('upload_id_of_other_subject'));
    assert.throws(() => resolveUpload(request(sealed, 'alice', 'jwt', 'other')), refused('upload_id_forged'));
    assert.throws(() => resolveUpload(request('store-upload-1', 'alice')), refused('upload_id_forged'));
    const messages: string[] = [];
    for (const [uploadId, subject] of [
      [sealed, 'bob'],
      ['made-up', 'alice'],
    ] as const) {
      assert.throws(
        () => resolveUpload(request(uploadId, subject)),
        ({ message }: Error) => messages.push(message) > 0,
      );
    }
    assert.equal(messages[0], messages[1]);
  });
});
