import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DecodedSpan } from '../../support/otlp-messages.ts';
import { type OtlpReceiver, receiveGrpc } from '../../support/otlp-receiver.ts';
import { examplesIn } from '../support/document-examples.ts';
import { FgaStore, type PolicyEngine, startOpa, startOpenFga } from '../support/policy-engines.ts';
import { checkOf, openPolicyScene, type PolicyScene, putWithToken, spansOf, tokenOf } from '../support/policy-scene.ts';

const [, MODEL, TUPLES] = examplesIn('docs/policy.md', 'json').map((text) => JSON.parse(text));

describe('a real OPA and a real OpenFGA for one bucket, both with their own tracing', () => {
  let collector: OtlpReceiver;
  let opa: PolicyEngine;
  let openfga: PolicyEngine;
  let scene: PolicyScene;
  before(async () => {
    collector = await receiveGrpc();
    const address = `127.0.0.1:${collector.port}`;
    const tracing = { type: 'grpc', address, sample_percentage: 0, batch_timeout_ms: 50 };
    const settings = Object.entries(tracing).map(([name, value]) => `--set=distributed_tracing.${name}=${value}`);
    opa = await startOpa(examplesIn('docs/policy.md', 'rego'), { args: settings });
    openfga = await startOpenFga({
      args: ['--trace-enabled', `--trace-otlp-endpoint=${address}`, '--trace-sampler=parentbased_always_off'],
    });
    const store = await FgaStore.create(openfga.url);
    await store.writeModel(MODEL);
    await store.write(TUPLES);
    const tuple = { user: 'user:device-7', relation: 'writer', object: 'object:uploads/public/b' };
    await store.write({ writes: { tuple_keys: [tuple, { ...tuple, object: 'object:uploads/devices/device-7/a' }] } });
    scene = await openPolicyScene({
      uploads: {
        opa: { url: opa.url, policy_path: 'mizuchi/decision', timeout_seconds: 10 },
        openfga: { url: openfga.url, store_id: store.id, timeout_seconds: 10 },
      },
    });
  });
  after(async () => {
    await scene?.close();
    await opa?.stop();
    await openfga?.stop();
    await collector?.close();
  });

  async function put(key: string): Promise<{ status: number; reason: unknown; asked: string[]; traceId: string }> {
    const token = await tokenOf({ sub: 'device-7' });
    const { status, traceId } = await putWithToken(scene, token, { bucket: 'uploads', key });
    const { 'authz.reason': reason } = await checkOf(scene, traceId);
    const names = (await spansOf(scene, traceId)).map(({ name }) => name);
    return { status, reason, asked: names.filter((name) => /^authz\.op/.test(name)), traceId };
  }

  it('queries both, and accepts uploads that both allow', async () => {
    const { status, asked } = await put('devices/device-7/a');
    assert.deepEqual([status, asked], [200, ['authz.opa', 'authz.openfga']]);
  });

  it('refuses an upload that only OpenFGA would allow, without querying it', async () => {
    const { status, reason, asked } = await put('public/b');
    assert.deepEqual([status, reason, asked], [403, 'policy_undefined', ['authz.opa']]);
  });

  it('refuses what only OPA would allow', async () => {
    const { status, reason, asked } = await put('devices/device-7/c');
    assert.deepEqual([status, reason, asked], [403, 'no_relation', ['authz.opa', 'authz.openfga']]);
  });

  it("has the engines' own spans in the upload's trace, below the calls", async () => {
    const { traceId } = await put('devices/device-7/a');
    const ours = await spansOf(scene, traceId);
    const below = (name: string): DecodedSpan | undefined => {
      const call = ours.find((span) => span.name === name)!;
      return collector.spans().find((span) => span.traceId === traceId && span.parentSpanId === call.spanId);
    };
    await collector.until(() => below('authz.opa') !== undefined && below('authz.openfga') !== undefined);
    const server = 2; // SpanKind in OTLP
    assert.deepEqual([below('authz.opa')!.kind, below('authz.openfga')!.kind], [server, server]);
  });
});
