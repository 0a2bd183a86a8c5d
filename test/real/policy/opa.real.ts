import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { RawClient } from '../../support/http-client.ts';
import { examplesIn } from '../support/document-examples.ts';
import { type PolicyEngine, startOpa } from '../support/policy-engines.ts';
import {
  attributesOf,
  checkOf,
  headWithToken,
  openPolicyScene,
  type PolicyScene,
  putSigned,
  putWithToken,
  spansOf,
  tokenOf,
} from '../support/policy-scene.ts';

const [POLICY] = examplesIn('docs/policy.md', 'rego') as [string];

/** The input that the document shows, in a bucket of its own. */
const SHOWN = JSON.parse(examplesIn('docs/policy.md', 'json')[0]!.replaceAll('uploads', 'shown'));
const FURTHER = `package further

form if {
	[input.action, input.resource.key] == ["PutObject", "forms/photo.jpg"]
	input.context.auth_method == "post_policy"
	[input.context.method, input.context.path] == ["POST", "/forms"]
	[input.context.size, input.context.content_type] == [5, "image/jpeg"]
}

framed if {
	[input.resource.key, input.context.size] == ["Aß/ +%2B%2F/B", 70000]
	input.context.path == "/framed/A%C3%9F/%20%2B%252B%252F/B"
}

contradiction := input.subject
contradiction := input.action

shown if input == ${JSON.stringify(SHOWN)}

two_parts if input.action in {"CreateMultipartUpload", "CompleteMultipartUpload"}
two_parts if {
	input.action == "UploadPart"
	input.context.part_number <= 2
}
`;

describe('a real OPA', () => {
  let opa: PolicyEngine;
  let scene: PolicyScene;
  before(async () => {
    opa = await startOpa([POLICY, FURTHER]);
    const asks = (policy_path: string) => ({ opa: { url: opa.url, policy_path, timeout_seconds: 10 } });
    scene = await openPolicyScene({
      uploads: asks('mizuchi/decision'),
      inbox: asks('mizuchi/allow'),
      media: asks('mizuchi/media_type'),
      nothing: asks('mizuchi/no/such/rule'),
      shown: asks('further/shown'),
      parts: asks('further/two_parts'),
      forms: asks('further/form'),
      framed: asks('further/framed'),
      contradiction: asks('further/contradiction'),
    });
  });
  after(async () => {
    await scene?.close();
    await opa?.stop();
  });

  it('allows what the policy allows, and the trace has the reason', async () => {
    const { status, traceId } = await putSigned(scene, { bucket: 'uploads', key: 'devices/device-7/a b.txt' });
    assert.equal(status, 200);
    assert.ok(scene.reachedStore.includes('/uploads/devices/device-7/a%20b.txt'));
    const spans = await spansOf(scene, traceId);
    const check = spans.find(({ name }) => name === 'authz.check')!;
    assert.deepEqual(attributesOf(check), {
      'authz.decision': 'allow',
      'authz.reason': 'own_folder',
      'authz.cached': false,
    });
    const call = spans.find(({ name }) => name === 'authz.opa')!;
    assert.equal(call.parentSpanId, check.spanId);
    // A new connection; the wait for it is absent below a millisecond.
    const { 'authz.connect_seconds': took, 'authz.connection_wait_seconds': _, ...attributes } = call.attributes;
    assert.ok(took !== undefined && 'double' in took && took.double > 0);
    assert.deepEqual(attributes, {
      'authz.connection_reused': { bool: false },
      'network.peer.address': { string: '127.0.0.1' },
      'network.peer.port': { int: String(opa.port) },
      'authz.decision': { string: 'allow' },
      'authz.breaker': { string: 'closed' },
      'http.request.method': { string: 'POST' },
      'http.response.status_code': { int: '200' },
      'server.address': { string: '127.0.0.1' },
      'server.port': { int: String(opa.port) },
      'url.full': { string: `${opa.url}/v1/data/mizuchi/decision` },
    });
  });

  const REFUSED: [what: string, bucket: string, key: string, type: string | undefined, reason: string][] = [
    ['a type, with the reason', 'uploads', 'devices/device-7/a', 'Text/HTML; charset=utf-8', 'type_not_wanted'],
    ['the folder of somebody with a longer name', 'uploads', 'devices/device-70/a', undefined, 'policy_undefined'],
    ['a key that only looks like the own folder', 'uploads', 'devices/device-7%2Fa', undefined, 'policy_undefined'],
    ['what a plain rule does not allow', 'inbox', 'outbox/a', undefined, 'policy_undefined'],
    ['everything where no such rule is', 'nothing', 'inbox/a', undefined, 'policy_undefined'],
    ['everything where the rule is no decision', 'media', 'inbox/a', 'text/plain', 'policy_not_boolean'],
  ];
  for (const [what, bucket, key, type, reason] of REFUSED) {
    it(`refuses ${what}`, async () => {
      const before = scene.reachedStore.length;
      const outcome = await putSigned(scene, { bucket, key, ...(type !== undefined && { type }) });
      assert.deepEqual([outcome.status, outcome.code], [403, 'AccessDenied']);
      assert.equal(outcome.message, 'Access denied.');
      assert.deepEqual(await checkOf(scene, outcome.traceId), {
        'authz.decision': 'deny',
        'authz.reason': reason,
        'authz.cached': false,
        'error.type': 'access_denied',
      });
      assert.equal(scene.reachedStore.length, before);
    });
  }

  it('allows what a plain rule allows', async () => {
    const { status, traceId } = await putSigned(scene, { bucket: 'inbox', key: 'inbox/a' });
    assert.equal(status, 200);
    assert.equal((await checkOf(scene, traceId))['authz.reason'], 'policy_allowed');
  });

  it('decides by the claims of a token', async () => {
    const put = { bucket: 'uploads', key: 'public/a' };
    const publisher = await putWithToken(scene, await tokenOf({ sub: 'anna', groups: ['publishers'] }), put);
    assert.equal(publisher.status, 200);
    assert.equal((await checkOf(scene, publisher.traceId))['authz.reason'], 'publisher');
    for (const groups of [[], ['readers'], 'publishers', undefined]) {
      const other = await putWithToken(scene, await tokenOf({ sub: 'anna', groups }), put);
      assert.equal(other.status, 403, `groups: ${JSON.stringify(groups)}`);
    }
  });

  it('receives the exact document that the manual shows', async () => {
    const token = await tokenOf(SHOWN.context.claims);
    const { key } = SHOWN.resource;
    const shown = { bucket: 'shown', key, type: 'image/png' };
    assert.equal((await putWithToken(scene, token, { ...shown, body: '9 bytes..' })).status, 200);
    assert.equal((await putWithToken(scene, token, { ...shown, body: '10 bytes..' })).status, 403);
  });

  it('refuses an upload that is too large before it is sent', async (t) => {
    const client = await RawClient.connect(scene.gateway.url);
    t.after(() => client.destroy());
    client.write(headWithToken(await tokenOf({ sub: 'anna' }), '/uploads/devices/anna/big', 100 * 1024 * 1024 + 1));
    await client.until(/<\/Error>/);
    assert.match(client.received, /^HTTP\/1\.1 403 /);
    assert.match(client.received, /<Code>AccessDenied<\/Code>/);
  });

  it('is queried for each request of a multipart upload', async () => {
    const { client } = scene;
    const upload = { Bucket: 'parts', Key: 'a' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const part = (PartNumber: number) =>
      client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body: 'part' }));
    const { ETag } = await part(2);
    await assert.rejects(part(3), { name: 'AccessDenied' });
    await assert.rejects(client.send(new AbortMultipartUploadCommand({ ...upload, UploadId })), {
      name: 'AccessDenied',
    });
    const MultipartUpload = { Parts: [{ PartNumber: 2, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
    assert.deepEqual(
      scene.reachedStore
        .filter((target) => target.startsWith('/parts/'))
        .map((target) => target.replace(/uploadId=.*/, '')),
      ['/parts/a?uploads=', '/parts/a?partNumber=2&', '/parts/a?'],
    );
  });

  it('is queried for the file of a form as for an object', async () => {
    const send = async (name: string, content: string): Promise<number> => {
      const Fields = { 'Content-Type': 'image/jpeg' };
      const post = { Bucket: 'forms', Key: `forms/\${filename}`, Fields };
      const { url, fields } = await createPresignedPost(scene.client, post);
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.append(field, value);
      form.append('file', new File([content], name));
      return (await fetch(url, { method: 'POST', body: form })).status;
    };
    assert.equal(await send('photo.jpg', '5 b..'), 204);
    assert.equal(await send('other.jpg', '5 b..'), 403);
    assert.equal(await send('photo.jpg', '6 b...'), 403);
  });

  it('receives the exact key, and the length of the object and not of its frame', async () => {
    const send = (Key: string, length: number) => {
      const Body = Readable.from([Buffer.alloc(length)]);
      return scene.client.send(new PutObjectCommand({ Bucket: 'framed', Key, Body, ContentLength: length }));
    };
    const key = 'Aß/ +%2B%2F/B';
    await send(key, 70_000);
    await assert.rejects(send(key, 70_001), { name: 'AccessDenied' });
    await assert.rejects(send(key.toLowerCase(), 70_000), { name: 'AccessDenied' });
    await assert.rejects(send(key.replace('+', ' '), 70_000), { name: 'AccessDenied' });
    const stored = scene.reachedStore.filter((target) => target.startsWith('/framed/'));
    assert.deepEqual(stored, ['/framed/A%C3%9F/%20%2B%252B%252F/B']);
  });

  it('lets nothing through on which it contradicts itself', async () => {
    const { status, retryAfter, traceId } = await putSigned(scene, { bucket: 'contradiction', key: 'a' });
    assert.deepEqual([status, retryAfter], [503, '1']);
    assert.equal((await checkOf(scene, traceId))['authz.reason'], 'engine_failed');
  });
});
