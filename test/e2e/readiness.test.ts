/** `ready.require`: a gateway without its services is alive, and not ready. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import { answering, RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';

const SERVICES = ['store', 'policy', 'identity'] as const;
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEYS = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'RS256' }] });

type Service = (typeof SERVICES)[number];

/** A gateway in front of three servers, each of which can fail. */
async function start(t: { after(run: () => unknown): void }, require: readonly Service[] | undefined) {
  const servers = { store: await RawStore.start(), policy: await RawStore.start(), identity: await RawStore.start() };
  servers.store.behaviour = answering(403, '');
  servers.identity.behaviour = answering(200, KEYS);
  const gateway = await startGateway({
    storeUrl: servers.store.url,
    auth: { jwt: { jwks_url: `${servers.identity.url}/keys`, algorithms: ['RS256'], audience: 'a', issuer: 'i' } },
    authz: { opa: { url: servers.policy.url, policy_path: 'm/allow' } },
    ready: require === undefined ? {} : { require },
  });
  t.after(async () => {
    await gateway.close();
    await Promise.all(Object.values(servers).map((server) => server.close()));
  });
  return { servers, gateway, admin: `http://127.0.0.1:${gateway.app.adminPort}` };
}

describe('a gateway that requires services', () => {
  it('is ready while they respond', async (t) => {
    const { gateway, admin } = await start(t, SERVICES);
    for (const url of [gateway.url, admin]) assert.equal((await send(url, 'GET', '/ready')).body, '{"status":"ok"}\n');
  });

  for (const service of SERVICES) {
    it(`is not ready without the ${service}, on both ports, and alive`, async (t) => {
      const { servers, gateway, admin } = await start(t, SERVICES);
      servers[service].behaviour = answering(503, '');
      for (const url of [gateway.url, admin]) {
        const { status, body } = await send(url, 'GET', '/ready');
        assert.deepEqual([status, body], [503, `{"status":"unavailable: ${service}"}\n`]);
        assert.equal((await send(url, 'GET', '/health')).status, 200);
      }
    });
  }

  it('is not ready without a service that does not respond', async (t) => {
    const { servers, gateway } = await start(t, ['store']);
    servers.store.behaviour = () => {};
    assert.equal((await send(gateway.url, 'GET', '/ready')).body, '{"status":"unavailable: store"}\n');
  });

  it('queries each of them once, however many probes come', async (t) => {
    const { servers, gateway } = await start(t, ['store', 'policy']);
    await Promise.all(Array.from({ length: 50 }, () => send(gateway.url, 'GET', '/ready')));
    assert.ok(servers.store.requests.length <= 2, `${servers.store.requests.length} requests`);
    assert.equal(servers.store.requests.length, servers.policy.requests.length);
  });

  it('queries none by default', async (t) => {
    const { servers, gateway } = await start(t, undefined);
    servers.store.behaviour = answering(503, '');
    assert.equal((await send(gateway.url, 'GET', '/ready')).status, 200);
    assert.equal(servers.store.requests.length, 0);
  });
});
