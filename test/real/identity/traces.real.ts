import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { signed } from '../../support/aws-signer.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { type Answer, send } from '../../support/http-client.ts';
import { DEVICE, DEVICE_SUBJECT, type IdentityScene, openIdentityScene } from '../support/identity-scene.ts';
import { type Jaeger, type JaegerSpan, type JaegerTrace, startJaeger } from '../support/jaeger.ts';
import type { Keys } from '../support/keys.ts';

type Tags = Readonly<Record<string, unknown>>;
const HASH = /^[0-9a-f]{16}$/;

describe('authentication and authorization in a real Jaeger', () => {
  let jaeger: Jaeger;
  let engine: FakeEngine;
  let scene: IdentityScene;
  before(async () => {
    [jaeger, engine] = await Promise.all([startJaeger(), FakeEngine.start()]);
    engine.behaviour = (_, response) => {
      const { key } = engine.questions.at(-1)!.body.input.resource;
      const result = key.startsWith('open/')
        ? { allow: true, reason: 'open_folder' }
        : { allow: false, reason: 'quota' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ result }));
    };
    scene = await openIdentityScene('MinIO', {
      authz: { opa: { url: engine.url, policy_path: 'mizuchi/decision' } },
      tracing: { enabled: true, otlp: { endpoint: jaeger.endpoints.grpc }, batch: { scheduled_delay_millis: 100 } },
    });
  });
  after(async () => {
    await scene?.close();
    await Promise.all([engine?.close(), jaeger?.stop()]);
  });

  const traceOf = ({ headers }: Answer, spans: number): Promise<JaegerTrace> =>
    jaeger.trace(/00-([0-9a-f]{32})-/.exec(String(headers['server-timing']))![1]!, spans);
  const named = (trace: JaegerTrace, name: string): JaegerSpan => {
    const found = trace.spans.filter(({ operationName }) => operationName === name);
    assert.equal(found.length, 1, name);
    return found[0]!;
  };
  const tagsOf = ({ tags }: JaegerSpan): Tags => Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  const parentOf = ({ references }: JaegerSpan): string | undefined => references[0]?.spanID;

  const putSigned = async (key: string, keys: Keys = DEVICE): Promise<Answer> => {
    const { method, target, headers } = await signed({
      url: scene.gateway.url,
      path: `/uploads/${key}`,
      payloadHash: 'UNSIGNED-PAYLOAD',
      accessKey: keys.accessKeyId,
      secretKey: keys.secretAccessKey,
      ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
    });
    return send(scene.gateway.url, method, target, 'hello', headers);
  };
  const putWithToken = (key: string, token: string): Promise<Answer> =>
    send(scene.gateway.url, 'PUT', `/uploads/${key}`, 'hello', { authorization: `Bearer ${token}` });
  const token = (claims: Record<string, unknown> = {}): Promise<string> =>
    scene.provider.token({ sub: DEVICE_SUBJECT, ...claims });

  it('an allowed upload, signed, with a token, and with both: the same caller', async () => {
    const claims = { sub: DEVICE_SUBJECT };
    const answers = {
      sigv4: await putSigned('open/a'),
      jwt: await putWithToken('open/b', await token()),
      'sigv4+jwt': await putSigned('open/c', await scene.keysWithToken(claims)),
    };
    const [hashes, keyHashes] = [new Set<unknown>(), new Set<unknown>()];
    for (const [i, [method, answer]] of Object.entries(answers).entries()) {
      assert.equal(answer.status, 200, answer.body);
      // The first token is verified with keys that are fetched for it.
      const spans = method === 'jwt' ? 7 : 6;
      const trace = await traceOf(answer, spans);
      assert.equal(trace.spans.length, spans);
      const of = (name: string): JaegerSpan => named(trace, name);
      const [root, verify, check, call] = [
        of('http.server.request'),
        of('auth.verify'),
        of('authz.check'),
        of('authz.opa'),
      ];
      assert.deepEqual([verify, check, of('s3.upload')].map(parentOf), Array(3).fill(root.spanID));
      assert.deepEqual([call, of('aws.s3.put_object')].map(parentOf), [check.spanID, of('s3.upload').spanID]);
      if (method === 'jwt') assert.equal(parentOf(of('auth.fetch_keys')), verify.spanID);
      const auth = tagsOf(verify);
      assert.deepEqual([auth['auth.method'], auth['auth.result']], [method, 'accepted']);
      assert.match(String(auth['auth.jwks']), method === 'sigv4' ? /^undefined$/ : /^(fetched|cached)$/);
      const authz = tagsOf(check);
      assert.deepEqual(
        [authz['authz.decision'], authz['authz.reason'], authz['authz.cached']],
        ['allow', 'open_folder', false],
      );
      const asked = tagsOf(call);
      assert.deepEqual(
        [asked['span.kind'], asked['authz.decision'], asked['http.response.status_code'], asked['authz.breaker']],
        ['client', 'allow', 200, 'closed'],
      );
      // The engine’s own spans would hang below the call. 03: sampled, and a random id (W3C Trace Context, level 2).
      assert.equal(engine.questions[i]!.headers.traceparent, `00-${trace.traceID}-${call.spanID}-03`);
      hashes.add(tagsOf(root)['user.hash']);
      keyHashes.add(auth['auth.key_id_hash']);
    }
    assert.deepEqual([hashes.size, keyHashes.size], [1, 2], 'one person; a key of the person, and one of the provider');
    for (const hash of [...hashes, ...keyHashes]) assert.match(String(hash), HASH);
  });

  it('uploads that are denied: by the policy, for the signature, for the token', async () => {
    const byPolicy = await putSigned('closed/a');
    assert.equal(byPolicy.status, 403);
    const denied = await traceOf(byPolicy, 4);
    assert.deepEqual(denied.spans.map(({ operationName }) => operationName).sort(), [
      'auth.verify',
      'authz.check',
      'authz.opa',
      'http.server.request',
    ]);
    const { 'authz.decision': decision, 'authz.reason': reason } = tagsOf(named(denied, 'authz.check'));
    assert.deepEqual([decision, reason], ['deny', 'quota']);
    const refused = tagsOf(named(denied, 'http.server.request'));
    assert.equal(refused['error.type'], 'access_denied');
    assert.match(String(refused['user.hash']), HASH);

    const forged = await traceOf(await putSigned('open/a', { ...DEVICE, secretAccessKey: 'a-guess' }), 2);
    const expired = await traceOf(await putWithToken('open/a', await token({ exp: 1_700_000_000 })), 2);
    for (const [trace, type, why] of [
      [forged, 'signature_refused', 'wrong_signature'],
      [expired, 'token_refused', 'expired'],
    ] as const) {
      assert.equal(trace.spans.length, 2);
      const [root, verify] = [named(trace, 'http.server.request'), named(trace, 'auth.verify')].map(tagsOf) as [
        Tags,
        Tags,
      ];
      assert.equal(root['user.hash'], undefined, 'nobody is named who did not prove it');
      assert.match(String(verify['auth.key_id_hash']), HASH);
      assert.deepEqual([verify['auth.result'], verify['auth.reason'], verify['error.type']], ['refused', why, type]);
    }
  });
});
