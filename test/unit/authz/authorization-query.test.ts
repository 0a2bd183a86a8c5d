/** What engines are asked about, and that a remembered decision is for the very same only. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AuthorizationQuery, queryOf } from '../../../src/authz/authorization-query.ts';
import type { Authorizer } from '../../../src/authz/authorizer.ts';
import { createEngine } from '../../../src/authz/engine.ts';
import { OPA } from '../../../src/authz/opa.ts';
import { OPENFGA } from '../../../src/authz/openfga.ts';
import { NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import type { IncomingBody } from '../../../src/domain/stages.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { type RequestChanges, resolvedRequest } from '../../support/resolved-request.ts';

const question = (changes?: RequestChanges): AuthorizationQuery => queryOf(resolvedRequest(changes));
const ofLength = (length: number | undefined): IncomingBody => ({
  length,
  open: () => assert.fail('opened'),
  take: () => assert.fail('taken'),
});
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the authorization query', () => {
  it('holds all facts about a part', () => {
    const part = question({
      operation: 'UploadPart',
      uploadId: 'sealed',
      storeUploadId: 'upload-1',
      partNumber: 3,
      incoming: { headers: { 'content-type': 'image/png' } },
      identity: { claims: { groups: ['a'] } },
    });
    assert.deepEqual(part, {
      subject: 'anna',
      action: 'UploadPart',
      resource: { bucket: 'uploads', key: 'a/b.txt' },
      context: {
        method: 'PUT',
        path: '/uploads/a/b.txt',
        ip: '192.0.2.7',
        size: 5,
        content_type: 'image/png',
        claims: { groups: ['a'] },
        auth_method: 'jwt',
        upload_id: 'upload-1',
        part_number: 3,
      },
    });
  });

  it('leaves out unknown values, and never holds null', () => {
    const nobody = question({
      identity: { method: 'anonymous', subject: undefined },
      incoming: { clientAddress: undefined, body: ofLength(undefined) },
    });
    assert.deepEqual(asJson(nobody), {
      action: 'PutObject',
      resource: { bucket: 'uploads', key: 'a/b.txt' },
      context: { method: 'PUT', path: '/uploads/a/b.txt', claims: {}, auth_method: 'anonymous' },
    });
  });

  it('has the client name of the bucket, and the key of the store', () => {
    const key = '../%2e%2e//\u00fc \u{1f409}';
    const { resource } = question({ key, bucket: { name: 'public', storeBucket: 'secret-name' } });
    assert.deepEqual(asJson(resource), { bucket: 'public', key });
  });

  it('is the same for a form as for a PUT', () => {
    assert.equal(question({ operation: 'PostObject' }).action, 'PutObject');
  });

  describe('about the size', () => {
    const STREAMING = { hash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', chunks: undefined };
    const framed = (declared: string | undefined): number | undefined => {
      const headers = declared === undefined ? {} : { 'x-amz-decoded-content-length': declared };
      return question({ payload: STREAMING, incoming: { headers, body: ofLength(999) } }).context.size;
    };

    it('is the declared length of the object if the body is framed', () => {
      assert.equal(framed('0'), 0);
      assert.equal(framed('5497558138880'), 5_497_558_138_880);
    });

    it('is missing if the declaration is not a number', () => {
      const none = [undefined, '', '-1', '1e3', '0x10', '1.5', ' 1', '1,1', '9'.repeat(16), '\u0661'];
      for (const declared of none) assert.equal(framed(declared), undefined, String(declared));
    });

    it('is the length in HTTP if the body is not framed, whatever else is declared', () => {
      const headers = { 'x-amz-decoded-content-length': '1', 'content-encoding': 'aws-chunked' };
      assert.equal(question({ incoming: { headers, body: ofLength(999) } }).context.size, 999);
      assert.equal(question({ incoming: { headers, body: ofLength(undefined) } }).context.size, undefined);
    });

    it('is missing for requests without an object', () => {
      for (const operation of [
        'CreateMultipartUpload',
        'CompleteMultipartUpload',
        'AbortMultipartUpload',
        'ListParts',
      ] as const)
        assert.equal(question({ operation }).context.size, undefined, operation);
    });
  });
});

/** One change for each member of the question. */
const CHANGES: Readonly<Record<string, RequestChanges>> = {
  subject: { identity: { subject: 'bob' } },
  action: { operation: 'UploadPart' },
  'resource.bucket': { bucket: { name: 'other', storeBucket: 'my-bucket' } },
  'resource.key': { key: 'a/b.txt2' },
  'context.method': { incoming: { method: 'POST' } },
  'context.path': { incoming: { rawPath: '/uploads/a%2Fb.txt' } },
  'context.ip': { incoming: { clientAddress: '192.0.2.8' } },
  'context.size': { incoming: { body: ofLength(6) } },
  'context.content_type': { incoming: { headers: { 'content-type': 'text/html' } } },
  'context.claims': { identity: { claims: { groups: ['a'] } } },
  'context.auth_method': { identity: { method: 'sigv4' } },
  'context.upload_id': { storeUploadId: 'upload-1' },
  'context.part_number': { partNumber: 1 },
};
/** Not asked about, and yet no decision is taken from the one for the other. */
const END_OF_CREDENTIAL: RequestChanges = { identity: { expiresAt: 4_102_444_800_000 } };
/** What no decision hangs on. */
const INDIFFERENT: readonly RequestChanges[] = [
  { incoming: { id: 'request-2' } },
  { incoming: { signal: new AbortController().signal } },
  { incoming: { query: [['x-amz-date', '1']], headers: { 'user-agent': 'x' }, received: { 'user-agent': 'x' } } },
];

function membersOf(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([name, inner]) =>
    path === '' && (name === 'resource' || name === 'context') ? membersOf(inner, `${name}.`) : [path + name],
  );
}

describe('a cached decision', () => {
  const options = { timeout_seconds: 10, cache_ttl_seconds: 60, max_concurrent: 64 };
  const tools = { bucket: 'uploads', watch: NO_OBSERVER };
  const names = { relation: 'writer', user_type: 'user', object_type: 'object', check: 'object' as const };
  const open: Readonly<Record<'opa' | 'openfga', (url: string) => Authorizer>> = {
    opa: (url) => createEngine(OPA, { url, ...options, policy_path: 'mizuchi/allow' }, tools),
    openfga: (url) =>
      createEngine(OPENFGA, { url, ...options, ...names, store_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }, tools),
  };

  it('is tested here against each member of the query', () => {
    assert.deepEqual(Object.keys(CHANGES).sort(), membersOf(question()).sort());
  });

  for (const engineName of ['opa', 'openfga'] as const) {
    it(`is used for an equal query to ${engineName} only`, async (t) => {
      const engine = await FakeEngine.start();
      t.after(() => engine.close());
      const authorizer = open[engineName](engine.url);
      t.after(() => authorizer.close());
      const isRemembered = async (changes?: RequestChanges): Promise<boolean> =>
        (await authorizer.decide(resolvedRequest(changes), NO_SPAN)).cached;
      assert.equal(await isRemembered(), false);
      for (const [member, changes] of [...Object.entries(CHANGES), ['the end', END_OF_CREDENTIAL] as const]) {
        // OpenFGA is asked about a relation, not about an action.
        const wanted = engineName === 'openfga' && member === 'action';
        assert.equal(await isRemembered(changes), wanted, member);
        assert.equal(await isRemembered(changes), true, `${member}, again`);
      }
      for (const changes of INDIFFERENT) assert.equal(await isRemembered(changes), true);
      assert.equal(await isRemembered(), true);
    });
  }

  it('distinguishes claims that are nearly equal', async (t) => {
    const engine = await FakeEngine.start();
    t.after(() => engine.close());
    const authorizer = open.opa(engine.url);
    t.after(() => authorizer.close());
    const nearly = [{}, { a: null }, { a: '' }, { a: 0 }, { a: '0' }, { a: [] }, { a: [0] }, { a: { b: 0 } }, { b: 0 }];
    const own = JSON.parse('{"__proto__":{"a":0}}') as Record<string, unknown>;
    for (const claims of [...nearly, own]) {
      const { cached } = await authorizer.decide(resolvedRequest({ identity: { claims } }), NO_SPAN);
      assert.equal(cached, false, JSON.stringify(claims));
    }
    assert.deepEqual(engine.questions.at(-1)?.body.input.context.claims, own);
  });
});

describe('the query to OpenFGA', () => {
  const base = {
    timeout_seconds: 10,
    cache_ttl_seconds: 0,
    max_concurrent: 64,
    store_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  };
  const names = { relation: 'writer', user_type: 'user', object_type: 'object' };
  const tools = { bucket: 'uploads', watch: NO_OBSERVER };

  it('is about the object, with the model and the context', async (t) => {
    const engine = await FakeEngine.start();
    t.after(() => engine.close());
    const authorizer = createEngine(
      OPENFGA,
      { ...base, ...names, url: engine.url, model_id: 'model-1', check: 'object' },
      tools,
    );
    t.after(() => authorizer.close());
    const request = resolvedRequest({ key: 'a b:c' });
    await authorizer.decide(request, NO_SPAN);
    const [{ path, body } = assert.fail()] = engine.questions;
    assert.equal(path, `/stores/${base.store_id}/check`);
    assert.deepEqual(body, {
      tuple_key: { user: 'user:anna', relation: 'writer', object: 'object:uploads/a%20b%3Ac' },
      authorization_model_id: 'model-1',
      context: asJson(queryOf(request).context),
    });
  });

  it('is about the bucket if configured, for any length of the key', async (t) => {
    const engine = await FakeEngine.start();
    t.after(() => engine.close());
    const authorizer = createEngine(OPENFGA, { ...base, ...names, url: engine.url, check: 'bucket' }, tools);
    t.after(() => authorizer.close());
    assert.equal((await authorizer.decide(resolvedRequest({ key: 'k'.repeat(1024) }), NO_SPAN)).allow, true);
    const [{ body } = assert.fail()] = engine.questions;
    assert.equal(body.tuple_key.object, 'object:uploads');
    assert.equal('authorization_model_id' in body, false);
  });

  for (const [what, changes, reason] of [
    ['nobody', { identity: { method: 'anonymous', subject: undefined } }, 'no_subject'],
    ['a subject with too long a name', { identity: { subject: 's'.repeat(508) } }, 'subject_too_long'],
    ['a subject whose name would be too long', { identity: { subject: '#'.repeat(170) } }, 'subject_too_long'],
    ['a key with too long a name', { key: 'k'.repeat(242) }, 'object_too_long'],
  ] satisfies [string, RequestChanges, string][]) {
    it(`is not sent about ${what}: that is denied`, async (t) => {
      const engine = await FakeEngine.start();
      t.after(() => engine.close());
      const authorizer = createEngine(OPENFGA, { ...base, ...names, url: engine.url, check: 'object' }, tools);
      t.after(() => authorizer.close());
      const verdict = await authorizer.decide(resolvedRequest(changes), NO_SPAN);
      assert.deepEqual(verdict, { allow: false, reason, cached: false });
      assert.equal(engine.questions.length, 0);
    });
  }
});
