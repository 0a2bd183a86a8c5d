import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { examplesIn } from '../support/document-examples.ts';
import { type PolicyEngine, startOpa } from '../support/policy-engines.ts';
import { checkOf, openPolicyScene, type PolicyScene, putSigned } from '../support/policy-scene.ts';

/** As OPA's documentation has it ("Security", "Authentication and Authorization"). */
const GUARD = `package system.authz

default allow := false

allow if input.identity == "the-token-of-the-gateway"
allow if input.path == ["health"]
`;

describe('a real OPA that requires a token, and cached decisions', () => {
  let opa: PolicyEngine;
  let scene: PolicyScene;
  before(async () => {
    opa = await startOpa([...examplesIn('docs/policy.md', 'rego'), GUARD], {
      args: ['--authentication=token', '--authorization=basic'],
    });
    const asks = (more: object) => ({
      opa: { url: opa.url, policy_path: 'mizuchi/decision', timeout_seconds: 10, ...more },
    });
    scene = await openPolicyScene({
      uploads: asks({ token: 'the-token-of-the-gateway', cache_ttl_seconds: 600 }),
      stranger: asks({ token: 'the-token-of-somebody' }),
      nobody: asks({}),
    });
  });
  after(async () => {
    await scene?.close();
    await opa?.stop();
  });

  const put = async (bucket: string, key: string): Promise<[status: number, reason: unknown, cached: unknown]> => {
    const { status, traceId } = await putSigned(scene, { bucket, key });
    const { 'authz.reason': reason, 'authz.cached': cached } = await checkOf(scene, traceId);
    return [status, reason, cached];
  };

  it('lets nothing through without the right token', async () => {
    assert.deepEqual(await put('stranger', 'devices/device-7/a'), [503, 'engine_refused', undefined]);
    assert.deepEqual(await put('nobody', 'devices/device-7/a'), [503, 'engine_refused', undefined]);
  });

  it('is queried once for equal uploads, and not needed for them when it is down', async () => {
    assert.deepEqual(await put('uploads', 'devices/device-7/a'), [200, 'own_folder', false]);
    assert.deepEqual(await put('uploads', 'devices/device-7/a'), [200, 'own_folder', true]);
    assert.deepEqual(await put('uploads', 'devices/device-8/a'), [403, 'policy_undefined', false]);
    await opa.stop();
    assert.deepEqual(await put('uploads', 'devices/device-7/a'), [200, 'own_folder', true]);
    assert.deepEqual(await put('uploads', 'devices/device-8/a'), [403, 'policy_undefined', true]);
    const [status, reason] = await put('uploads', 'devices/device-7/b');
    assert.equal(status, 503);
    assert.match(String(reason), /^engine_(unreachable|reset)$/);
  });
});
