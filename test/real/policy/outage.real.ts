import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RawClient, send } from '../../support/http-client.ts';
import { examplesIn } from '../support/document-examples.ts';
import { eventually } from '../support/eventually.ts';
import { FgaStore, type PolicyEngine, startOpa, startOpenFga } from '../support/policy-engines.ts';
import {
  attributesOf,
  checkOf,
  headWithToken,
  type Outcome,
  openPolicyScene,
  type PolicyScene,
  putSigned,
  spansOf,
  tokenOf,
} from '../support/policy-scene.ts';
import { stopProcess } from '../support/stop-process.ts';
import { uploadUntilRefused } from '../support/until-refused.ts';

const BUCKET = 'uploads';
const FOLDER = 'devices/device-7';
const MODEL = JSON.parse(examplesIn('docs/policy.md', 'json')[1]!);

interface Engine {
  readonly name: 'opa' | 'openfga';
  /** Starts it so that DEVICE may upload. @param port where it was before. @returns its part of `authz`, too. */
  start(port?: number): Promise<[PolicyEngine, object]>;
}

const OPA: Engine = {
  name: 'opa',
  async start(port) {
    const engine = await startOpa(examplesIn('docs/policy.md', 'rego'), { ...(port !== undefined && { port }) });
    return [engine, { url: engine.url, policy_path: 'mizuchi/decision' }];
  },
};

/** In memory: what comes back has forgotten the store. */
const OPENFGA: Engine = {
  name: 'openfga',
  async start(port) {
    const engine = await startOpenFga({ ...(port !== undefined && { port }) });
    const store = await FgaStore.create(engine.url);
    await store.writeModel(MODEL);
    const tuple = { user: 'user:device-7', relation: 'writer', object: `bucket:${BUCKET}` };
    await store.write({ writes: { tuple_keys: [tuple] } });
    return [engine, { url: engine.url, store_id: store.id, object_type: 'bucket', check: 'bucket' }];
  },
};

for (const { name, start } of [OPA, OPENFGA]) {
  describe(`a real ${name} that goes away`, () => {
    let engine: PolicyEngine;
    let scene: PolicyScene;
    before(async () => {
      const [started, options] = await start();
      engine = started;
      scene = await openPolicyScene({ [BUCKET]: { [name]: { ...options, timeout_seconds: 3 } } });
    });
    after(async () => {
      await scene?.close();
      await engine?.stop();
    });

    const put = (key: string): Promise<Outcome> => putSigned(scene, { bucket: BUCKET, key: `${FOLDER}/${key}` });

    /** As often as it takes until an upload ends so; the reason in `authz.check` with it. */
    const until = (what: string, done: (outcome: Outcome, reason: unknown) => boolean): Promise<Outcome> =>
      eventually(what, async () => {
        const outcome = await put('again');
        const { 'authz.reason': reason } = await checkOf(scene, outcome.traceId);
        return done(outcome, reason) ? outcome : undefined;
      });

    async function breakerMetric(): Promise<string | undefined> {
      const { body } = await send(scene.gateway.metricsUrl, 'GET', '/metrics');
      return new RegExp(`^mizuchi_authz_breaker_state\\{bucket="${BUCKET}",engine="${name}"\\} (.*)$`, 'm').exec(
        body,
      )?.[1];
    }

    it('gets no upload through while it hangs, and all when it goes on', async (t) => {
      assert.equal((await put('before')).status, 200);
      t.after(() => process.kill(engine.pid, 'SIGCONT'));
      await stopProcess(engine.pid);
      const reached = scene.reachedStore.length;
      const outcome = await put('hanging');
      assert.deepEqual([outcome.status, outcome.code, outcome.retryAfter], [503, 'ServiceUnavailable', '1']);
      assert.deepEqual(await checkOf(scene, outcome.traceId), {
        'authz.decision': 'error',
        'authz.reason': 'engine_timeout',
        'error.type': 'policy_unavailable',
      });
      assert.equal(scene.reachedStore.length, reached);
      process.kill(engine.pid, 'SIGCONT');
      await until('uploads go through again', ({ status }) => status === 200);
    });

    it('killed amid uploads: each is stored and known to be, or refused and not stored', async () => {
      const reached = scene.reachedStore.length;
      const { stored, refusals } = await uploadUntilRefused(scene, BUCKET, `${FOLDER}/run`, () => engine.stop());
      for (const { status, code, retryAfter, traceId } of refusals) {
        assert.deepEqual([status, code], [503, 'ServiceUnavailable']);
        assert.match(retryAfter ?? '', /^[15]$/);
        const { 'authz.decision': decision, 'authz.reason': reason } = await checkOf(scene, traceId);
        assert.equal(decision, 'error');
        assert.match(String(reason), /^(engine_unreachable|engine_reset|breaker_open)$/);
      }
      const arrived = scene.reachedStore.slice(reached).map((target) => target.slice(`/${BUCKET}/`.length));
      assert.deepEqual(arrived.sort(), [...stored].sort());
    });

    it('is left alone after its failures', async () => {
      const { status, retryAfter, traceId } = await until(
        'the breaker is open',
        (_, reason) => reason === 'breaker_open',
      );
      assert.deepEqual([status, retryAfter], [503, '5']);
      const spans = await spansOf(scene, traceId);
      assert.equal(attributesOf(spans.find((span) => span.name === 'authz.check'))['authz.breaker'], 'open');
      assert.equal(spans.filter((span) => span.name === `authz.${name}`).length, 0, 'no call was made');
      assert.equal(await eventually('the metric says so', breakerMetric), '2');
    });

    it('is not needed to keep a client from sending', async (t) => {
      const client = await RawClient.connect(scene.gateway.url);
      t.after(() => client.destroy());
      client.write(headWithToken(await tokenOf({ sub: 'device-7' }), `/${BUCKET}/${FOLDER}/big`, 1_000_000));
      await client.until(/<\/Error>/);
      assert.match(client.received, /^HTTP\/1\.1 503 /);
      assert.match(client.received, /^retry-after: [15]\r$/im);
    });

    if (name === 'opa')
      it('is queried again when it is back', async () => {
        [engine] = await start(engine.port);
        await until('uploads go through again', ({ status }) => status === 200);
        assert.equal(await breakerMetric(), '0');
      });
    else
      it('lets nothing through that it has forgotten', async () => {
        [engine] = await start(engine.port);
        const { status } = await until('it is asked again', (_, reason) => reason === 'engine_refused');
        assert.equal(status, 503);
      });
  });
}
