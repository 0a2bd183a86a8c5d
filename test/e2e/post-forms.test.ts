import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

/** Forms are encoded by undici: what a browser would send. */
export function formOf(fields: Record<string, string>, file: Buffer | undefined, name = 'photo.jpg'): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  if (file !== undefined) form.append('file', new Blob([new Uint8Array(file)]), name);
  return form;
}

describe('POST forms to an anonymous bucket', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url });
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const post = (form: FormData, path = '/uploads'): Promise<Response> =>
    fetch(`${gateway.url}${path}`, { method: 'POST', body: form, redirect: 'manual' });

  for (const size of [0, 1, 1000, 65_300, 65_536, 65_537, 8 * 1024 * 1024]) {
    it(`puts a file of ${size} bytes`, async () => {
      const file = randomBytes(size);
      const answer = await post(formOf({ key: `user/\${filename}`, 'Content-Type': 'image/jpeg' }, file));
      assert.equal(answer.status, 204, await answer.text());
      assert.equal(answer.headers.get('etag'), '"5d41402abc4b2a76b9719d911017c592"');
      assert.equal(store.requests.length, 1);
      const request = store.requests[0]!;
      assert.equal(request.method, 'PUT');
      assert.equal(request.target, '/my-bucket/user/photo.jpg');
      assert.equal(request.headers['content-type'], 'image/jpeg');
      assert.equal(request.headers['content-length'], String(size));
      assert.ok(request.body.equals(file));
    });
  }
});
