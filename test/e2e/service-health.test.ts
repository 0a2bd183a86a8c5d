/** The health of the services of a gateway, from real requests to real services that fail. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { openEdge } from '../../src/app/edge.ts';
import { Generation } from '../../src/app/generation.ts';
import { Lifetime } from '../../src/app/lifetime.ts';
import { Readiness } from '../../src/app/readiness.ts';
import { Generations } from '../../src/app/reload/generations.ts';
import { exporterLink, openTelemetry } from '../../src/app/telemetry.ts';
import { openUploads } from '../../src/app/uploads.ts';
import { openWorld } from '../../src/app/world.ts';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { expose } from '../../src/metrics/exposition.ts';
import { ServerPhase } from '../../src/server/server-phase.ts';
import type { Service, ServiceKind } from '../../src/view/documents.ts';
import { healthDocument } from '../../src/view/health-document.ts';
import { ObservedProcess } from '../../src/view/observed-process.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { deadEndpoint } from '../support/faulty-server.ts';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { keptLog } from '../support/tracing-config.ts';

const KEYS = { access_key: 'mizuchi', secret_key: 'mizuchi-secret' };

const parse = (document: object): Config => parseConfig(JSON.stringify(document), 'test.yaml', {});

async function open(config: Config) {
  const log = { ...keptLog(), async close() {} };
  const lifetime = new Lifetime(log);
  const observed = new ObservedProcess({
    secret: Buffer.from('secret'),
    showKeys: true,
    recorded: undefined,
    failed: assert.ifError,
  });
  const health = observed.services;
  const context = { log, directory: '.', link: exporterLink(), isWorker: false };
  const telemetry = await openTelemetry(config, lifetime, context);
  const world = openWorld(config, telemetry, { directory: '.', env: {}, log }, undefined, observed);
  const generation = await Generation.open(config, world);
  const generations = new Generations(generation, world);
  lifetime.onClose(() => generations.close());
  const phase = new ServerPhase();
  const readiness = new Readiness(phase);
  const edge = openEdge(config.server, undefined, world.context, world.registry);
  const listener = await openUploads(lifetime, world, generations, {
    edge,
    phase,
    probes: readiness,
    socket: undefined,
  });
  generations.serveWith({ listener, readiness, reloaders: lifetime.reloaders });
  const { registry } = world;
  return { url: `http://127.0.0.1:${listener.port}`, health, registry, generations, lifetime };
}

describe('the health of services', () => {
  let store: RawStore;
  let engine: FakeEngine;
  let provider: IdentityProvider;
  let gateway: Awaited<ReturnType<typeof open>>;

  before(async () => {
    [store, engine, provider] = [await RawStore.start(), await FakeEngine.start(), await IdentityProvider.start()];
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    engine.behaviour = undefined;
    provider.behaviour = undefined;
  });
  afterEach(() => gateway.lifetime.close());
  after(() => Promise.all([store.close(), engine.close(), provider.close()]));

  const document = (endpoint: string, bucket: object = {}, more: object = {}) => ({
    server: { address: '127.0.0.1:0' },
    buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint, ...KEYS }, ...bucket }],
    tracing: { enabled: false },
    ...more,
  });
  const start = async (...args: Parameters<typeof document>) => {
    gateway = await open(parse(document(...args)));
  };
  const put = async (headers: Record<string, string> = {}) =>
    (await send(gateway.url, 'PUT', '/uploads/k', 'hello', headers)).status;
  const service = (kind: ServiceKind): Service => {
    const found = gateway.health.services().filter((each) => each.kind === kind);
    assert.equal(found.length, 1, JSON.stringify(found));
    return found[0]!;
  };
  const stateOf = (kind: ServiceKind) => {
    const { state, last_error } = service(kind);
    return [state, last_error?.type, last_error?.cause];
  };

  it('has a store that refuses connections, and the cause', async () => {
    const endpoint = await deadEndpoint();
    await start(endpoint);
    assert.deepEqual(
      [service('store').name, service('store').target, service('store').state],
      ['uploads', endpoint, 'unused'],
    );
    assert.equal(await put(), 503);
    assert.deepEqual(stateOf('store'), ['failing', 'store_unreachable', 'ECONNREFUSED']);
    assert.equal(service('store').latency.at(-1)?.failures, service('store').latency.at(-1)?.calls);
  });

  it('has a store whose certificate is not accepted', async (t) => {
    const tls = await RawStore.start({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE });
    t.after(() => tls.close());
    await start(tls.url);
    assert.equal(await put(), 503);
    assert.deepEqual(stateOf('store'), ['failing', 'store_unreachable', 'DEPTH_ZERO_SELF_SIGNED_CERT']);
  });

  it('has a policy engine that refuses connections', async () => {
    const opa = { url: await deadEndpoint(), policy_path: 'mizuchi/allow' };
    await start(store.url, { authz: { opa } });
    assert.equal(await put(), 503);
    assert.deepEqual(stateOf('policy'), ['failing', 'engine_unreachable', 'ECONNREFUSED']);
  });

  it('has a store that denies access or fails, until it works again', async () => {
    await start(store.url);
    const error = (code: string) => `<Error><Code>${code}</Code><Message>m</Message></Error>`;
    store.behaviour = answering(403, error('AccessDenied'));
    assert.equal(await put(), 502);
    assert.deepEqual(stateOf('store'), ['failing', 'store_refused_gateway', 'AccessDenied']);
    store.behaviour = answering(500, error('InternalError'));
    assert.equal(await put(), 500);
    assert.deepEqual(stateOf('store'), ['failing', 'store_error', 'HTTP 500']);
    store.behaviour = answerWell;
    assert.equal(await put(), 200);
    assert.deepEqual(stateOf('store'), ['ok', 'store_error', 'HTTP 500']);
  });

  it('does not count the errors of a client against the store', async () => {
    await start(store.url);
    store.behaviour = answering(412, '<Error><Code>PreconditionFailed</Code><Message>m</Message></Error>');
    assert.equal(await put({ 'if-none-match': '*' }), 412);
    assert.deepEqual(stateOf('store'), ['ok', undefined, undefined]);
  });

  it('does not count a client that disconnects against the store', async () => {
    await start(store.url);
    store.behaviour = () => {};
    const arrived = store.next();
    const client = request(`${gateway.url}/uploads/k`, { method: 'PUT', headers: { 'content-length': 1_000_000 } });
    client.on('error', () => {});
    client.write('hello');
    const { over } = await arrived;
    client.destroy();
    await over;
    const calls = () =>
      Number(
        /mizuchi_store_request_duration_seconds_count\S* (\d+)/.exec(expose(gateway.registry, '').body as string)?.[1],
      );
    await until(() => calls() === 1);
    assert.deepEqual(stateOf('store'), ['unused', undefined, undefined]);
  });

  it('has a policy engine that fails, and its circuit breaker', async () => {
    const opa = { url: engine.url, policy_path: 'mizuchi/allow', cache_ttl_seconds: 0 };
    await start(store.url, { authz: { opa } });
    assert.deepEqual([service('policy').name, service('policy').target], ['opa of uploads', engine.url]);
    engine.behaviour = (_, response) => void response.writeHead(500).end();
    assert.equal(await put(), 503);
    assert.deepEqual(
      [...stateOf('policy'), service('policy').breaker],
      ['failing', 'engine_failed', 'HTTP 500', 'closed'],
    );
    for (let i = 0; i < 4; i++) await put();
    assert.equal(service('policy').breaker, 'open');
    assert.equal(
      service('policy').latency.reduce((sum, { calls }) => sum + calls, 0),
      5,
    );
  });

  it('has an identity provider that fails, and comes back', async () => {
    const jwt = { algorithms: ['RS256'], jwks_url: provider.jwksUrl, issuer: provider.issuer, audience: 'uploads' };
    await start(store.url, { auth: { jwt } });
    assert.deepEqual([service('identity').target, service('identity').state], [provider.issuer, 'unused']);
    const authorization = `Bearer ${await provider.token()}`;
    provider.behaviour = (_, response) => void response.writeHead(503).end();
    assert.equal(await put({ authorization }), 503);
    assert.deepEqual(stateOf('identity'), ['failing', 'keys_unavailable', 'the response has status 503']);
    provider.behaviour = undefined;
    await until(async () => (await put({ authorization })) === 200, 250);
    assert.equal(service('identity').state, 'ok');
  });

  it('has a collector that is down, and comes back', async () => {
    const endpoint = await deadEndpoint();
    const otlp = { endpoint, protocol: 'http/protobuf' };
    await start(store.url, {}, { tracing: { enabled: true, otlp, batch: { scheduled_delay_millis: 10 } } });
    assert.deepEqual([service('collector').name, service('collector').target], ['traces', endpoint]);
    assert.equal(await put(), 200);
    await until(() => service('collector').state === 'failing');
    assert.match(service('collector').last_error?.cause ?? '', /ECONNREFUSED/);
    const receiver = await receiveHttp(undefined, Number(new URL(endpoint).port));
    await until(() => service('collector').state === 'ok');
    await receiver.close();
  });

  it('is a document with the limits, their use, and the start of the gateway', async () => {
    const opa = { url: engine.url, policy_path: 'mizuchi/allow' };
    const tracing = { enabled: true, otlp: { endpoint: await deadEndpoint() } };
    await start(store.url, { authz: { opa } }, { tracing });
    const services = gateway.health.services();
    const document = healthDocument({
      version: '1.2.3',
      ready: 'ok',
      families: gateway.registry.current(),
      processes: [{ services, failures: [] }],
    });
    assert.deepEqual(
      document.limits.map(({ setting }) => setting),
      [
        'server.max_connections',
        'upload.concurrent_uploads',
        'fixed.form_share',
        'upload.memory_limit',
        'buckets.uploads.s3.max_connections',
        'buckets.uploads.authz.opa.max_concurrent',
        'tracing.batch.max_queue_size',
        ...(process.platform === 'linux' ? ['file_descriptors'] : []),
      ],
    );
    for (const { limit, used } of document.limits) assert.ok(limit > 0 && used >= 0 && used < limit);
    assert.deepEqual(
      [document.started_at, document.workers, document.certificates],
      [Math.round(performance.timeOrigin), null, []],
    );
    assert.deepEqual([document.version, document.ready, document.services], ['1.2.3', 'ok', services]);
  });

  it('has the services of the configuration in use after a reload', async () => {
    const opa = { url: engine.url, policy_path: 'mizuchi/allow' };
    await start(store.url, { authz: { opa } });
    const other = await deadEndpoint();
    const next = parse(document(other));
    const targets = () => gateway.health.services().map(({ kind, target }) => `${kind} ${target}`);
    const before = targets();
    await (await gateway.generations.prepare(next)).discard();
    assert.deepEqual(targets(), before);
    (await gateway.generations.prepare(next)).use();
    await until(() => gateway.health.services().length === 1);
    assert.deepEqual(targets(), [`store ${other}`]);
  });
});

async function until(done: () => boolean | Promise<boolean>, millis = 20): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, millis));
}
