import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { signed } from '../../support/aws-signer.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { type Answer, send } from '../../support/http-client.ts';
import { DEVICE, DEVICE_SUBJECT, type IdentityScene, openIdentityScene } from '../support/identity-scene.ts';
import { type Jaeger, type JaegerSpan, type JaegerTrace, startJaeger } from '../support/jaeger.ts';

describe('who asked, and whether they might, in a real Jaeger', () => {
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
  const tagsOf = ({ tags }: JaegerSpan): Record<string, unknown> =>
    Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  const parentOf = ({ references }: JaegerSpan): string | undefined => references[0]?.spanID;

  const putSigned = async (key: string, secretKey = DEVICE.secretAccessKey): Promise<Answer> => {
    const { method, target, headers } = await signed({
      url: scene.gateway.url,
      path: `/uploads/${key}`,
      payloadHash: 'UNSIGNED-PAYLOAD',
      accessKey: DEVICE.accessKeyId,
      secretKey,
    });
    return send(scene.gateway.url, method, target, 'hello', headers);
  };
  const putWithToken = (key: string, token: string): Promise<Answer> =>
    send(scene.gateway.url, 'PUT', `/uploads/${key}`, 'hello', { authorization: `Bearer ${token}` });
  const token = (claims: Record<string, unknown> = {}): Promise<string> =>
    scene.provider.token({ sub: DEVICE_SUBJECT, ...claims });

  it('an allowed upload, signed and with a token: the same caller', async () => {
    const answers = [await putSigned('open/a'), await putWithToken('open/b', await token())];
    const hashes = new Set<unknown>();
    for (const [i, answer] of answers.entries()) {
      assert.equal(answer.status, 200, answer.body);
      const trace = await traceOf(answer, 6);
      const [root, verify, check, call, upload, put] = [
        'http.server.request',
        'auth.verify',
        'authz.check',
        'authz.opa',
        's3.upload',
        'aws.s3.put_object',
      ].map((name) => named(trace, name)) as [JaegerSpan, JaegerSpan, JaegerSpan, JaegerSpan, JaegerSpan, JaegerSpan];
      assert.equal(trace.spans.length, 6);
      assert.deepEqual([verify, check, upload].map(parentOf), [root.spanID, root.spanID, root.spanID]);
      assert.deepEqual([parentOf(call), parentOf(put)], [check.spanID, upload.spanID]);
      const auth = tagsOf(verify);
      assert.deepEqual([auth['auth.method'], auth['auth.result']], [['sigv4', 'jwt'][i], 'accepted']);
      if (i === 1) assert.match(String(auth['auth.jwks']), /^(fetched|cached)$/);
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
      hashes.add(tagsOf(root)['user.hash']);
    }
    assert.equal(hashes.size, 1);
    assert.match(String([...hashes][0]), /^[0-9a-zA-Z_-]{16,}$/);
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
    assert.equal(tagsOf(named(denied, 'http.server.request'))['error.type'], 'access_denied');

    const forged = await traceOf(await putSigned('open/a', 'a-guess'), 2);
    const expired = await traceOf(await putWithToken('open/a', await token({ exp: 1_700_000_000 })), 2);
    for (const [trace, type, why] of [
      [forged, 'signature_refused', 'wrong_signature'],
      [expired, 'token_refused', 'expired'],
    ] as const) {
      assert.equal(trace.spans.length, 2);
      const verify = tagsOf(named(trace, 'auth.verify'));
      assert.deepEqual([verify['auth.result'], verify['auth.reason'], verify['error.type']], ['refused', why, type]);
    }
  });
});
