import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { examplesIn } from '../support/document-examples.ts';
import { FgaStore, type PolicyEngine, startOpenFga } from '../support/policy-engines.ts';
import {
  checkOf,
  openPolicyScene,
  type PolicyScene,
  putSigned,
  putWithToken,
  spansOf,
  tokenOf,
} from '../support/policy-scene.ts';

const [, MODEL, TUPLES] = examplesIn('docs/policy.md', 'json').map((text) => JSON.parse(text));

/** Subject, key, and what both are to OpenFGA. */
const ODD: [subject: string, key: string, user: string, object: string][] = [
  ['plain', 'odd/key', 'user:plain', 'object:uploads/odd/key'],
  ['*', '*', 'user:%2A', 'object:uploads/%2A'],
  ['%2A', '%2A', 'user:%252A', 'object:uploads/%252A'],
  ['group:x#member', 'a:b#c@d', 'user:group%3Ax%23member', 'object:uploads/a%3Ab%23c@d'],
  ['jane doe', 'odd/two  blanks ', 'user:jane%20doe', 'object:uploads/odd/two%20%20blanks%20'],
  ['jane\u00a0doe', 'no\u00a0break', 'user:jane%C2%A0doe', 'object:uploads/no%C2%A0break'],
  ['jörg', 'grüße/\u{1f600}.png', 'user:jörg', 'object:uploads/grüße/\u{1f600}.png'],
  ['jo\u0308rg', 'gru\u0308ße/\u{1f600}.png', 'user:jo\u0308rg', 'object:uploads/gru\u0308ße/\u{1f600}.png'],
  ['hidden\u202e', 'hidden\u200b', 'user:hidden%E2%80%AE', 'object:uploads/hidden%E2%80%8B'],
];

/** The longest that has a name: `object:uploads/` takes 15 of 256 characters. */
const LONGEST = 'k'.repeat(241);

describe('a real OpenFGA', () => {
  let engine: PolicyEngine;
  let store: FgaStore;
  let scene: PolicyScene;
  before(async () => {
    engine = await startOpenFga();
    store = await FgaStore.create(engine.url);
    const model_id = await store.writeModel(MODEL);
    await store.write(TUPLES);
    const odd = ODD.map(([, , user, object]) => ({ user, relation: 'writer', object }));
    const longest = { user: 'user:plain', relation: 'writer', object: `object:uploads/${LONGEST}` };
    await store.write({ writes: { tuple_keys: [...odd, longest] } });
    const openfga = { url: engine.url, store_id: store.id, timeout_seconds: 10 };
    scene = await openPolicyScene({
      uploads: { openfga: { ...openfga, model_id } },
      inbox: { openfga: { ...openfga, object_type: 'bucket', check: 'bucket' } },
      outbox: { openfga: { ...openfga, object_type: 'bucket', check: 'bucket' } },
    });
  });
  after(async () => {
    await scene?.close();
    await engine?.stop();
  });

  /** @returns status and `authz.reason`. */
  async function put(who: string, bucket: string, key: string, body = 'x'): Promise<[number, unknown]> {
    const { status, traceId } = await putWithToken(scene, await tokenOf({ sub: who }), { bucket, key, body });
    return [status, (await checkOf(scene, traceId))['authz.reason']];
  }

  it('allows a user with the relation to the object, and the trace shows it', async () => {
    const token = await tokenOf({ sub: 'anna' });
    const outcome = await putWithToken(scene, token, { bucket: 'uploads', key: 'reports/2026 Q3.pdf' });
    assert.equal(outcome.status, 200);
    assert.ok(scene.reachedStore.includes('/uploads/reports/2026%20Q3.pdf'));
    const spans = await spansOf(scene, outcome.traceId);
    const call = spans.find(({ name }) => name === 'authz.openfga')!;
    assert.equal(call.parentSpanId, spans.find(({ name }) => name === 'authz.check')!.spanId);
    assert.deepEqual(call.attributes['http.response.status_code'], { int: '200' });
    assert.deepEqual(call.attributes['authz.decision'], { string: 'allow' });
  });

  it('refuses all other users, and every other key', async () => {
    const before = scene.reachedStore.length;
    for (const [who, key] of [
      ['bob', 'reports/2026 Q3.pdf'],
      ['anna', 'reports/2026%20Q3.pdf'],
      ['anna', 'reports/2026 Q4.pdf'],
      ['Anna', 'reports/2026 Q3.pdf'],
      ['user:anna', 'reports/2026 Q3.pdf'],
      ['*', 'reports/2026 Q3.pdf'],
    ] as const)
      assert.deepEqual(await put(who, 'uploads', key), [403, 'no_relation'], `${who} ${key}`);
    assert.equal(scene.reachedStore.length, before);
  });

  it('matches all users by their wildcard', async () => {
    assert.deepEqual(await put('who ever: #1', 'uploads', 'guestbook.txt'), [200, 'relation']);
  });

  it('holds the conditions of the model against the size', async () => {
    assert.deepEqual(await put('anna', 'uploads', 'note.txt', 'n'.repeat(999)), [200, 'relation']);
    assert.deepEqual(await put('anna', 'uploads', 'note.txt', 'n'.repeat(1000)), [403, 'no_relation']);
  });

  it('is queried for the bucket if configured', async () => {
    const key = `${'long/'.repeat(100)}a`;
    assert.equal((await putSigned(scene, { bucket: 'inbox', key })).status, 200);
    assert.equal((await putSigned(scene, { bucket: 'outbox', key })).status, 403);
    assert.deepEqual(await put('anna', 'inbox', 'a'), [403, 'no_relation']);
  });

  it('tells odd subjects and odd keys from each other', async () => {
    for (const [subject, own] of ODD)
      for (const [, key] of ODD) {
        const wanted = key === own ? [200, 'relation'] : [403, 'no_relation'];
        assert.deepEqual(await put(subject, 'uploads', key), wanted, `${subject} ${key}`);
      }
  });

  it('is not queried for names that are too long for it', async () => {
    assert.deepEqual(await put('plain', 'uploads', LONGEST), [200, 'relation']);
    const token = await tokenOf({ sub: 'plain' });
    const { status, traceId } = await putWithToken(scene, token, { bucket: 'uploads', key: `${LONGEST}k` });
    assert.equal(status, 403);
    assert.equal((await checkOf(scene, traceId))['authz.reason'], 'object_too_long');
    const spans = await spansOf(scene, traceId);
    assert.equal(
      spans.some(({ name }) => name === 'authz.openfga'),
      false,
    );
  });

  it('lets nothing through whose condition cannot be decided', async () => {
    const begin = { method: 'POST', headers: { authorization: `Bearer ${await tokenOf({ sub: 'anna' })}` } };
    const answer = await fetch(`${scene.gateway.url}/uploads/note.txt?uploads`, begin);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /<Code>ServiceUnavailable</);
  });
});
