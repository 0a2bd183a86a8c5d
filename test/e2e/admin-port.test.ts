import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('the port for the operator', () => {
  let store: RawStore;
  let gateway: TestGateway;
  let url = '';
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({
      storeUrl: store.url,
      metrics: { allowed_hosts: ['gateway', 'Metrics.Example.Internal'], max_connections: 8 },
    });
    url = `http://127.0.0.1:${gateway.app.metricsPort}`;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  for (const host of [
    '127.0.0.1',
    '127.0.0.1:9090',
    '10.1.2.3:9090',
    '[::1]',
    '[2001:db8::9]:9090',
    'localhost',
    'LOCALHOST:9090',
    'localhost.',
    'a.localhost',
    'gateway',
    'GATEWAY:9090',
    'gateway.',
    'metrics.example.internal:9090',
  ]) {
    it(`is served under ${host}`, async () => {
      const { status, body } = await send(url, 'GET', '/metrics', undefined, { host });
      assert.equal(status, 200);
      assert.match(body, /^mizuchi_limit/m);
    });
  }

  for (const host of [
    'rebound.attacker.example',
    'rebound.attacker.example:9090',
    'gateway.attacker.example',
    'localhost.attacker.example',
    'alocalhost',
    '127.0.0.1.attacker.example',
    '127.0.0.1@attacker.example',
    'attacker.example@127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1',
    '[::1].attacker.example',
    '[v1.a]',
    'a b',
  ]) {
    it(`rejects the host ${JSON.stringify(host)} with a hint`, async () => {
      for (const path of ['/metrics', '/', '/health']) {
        const answer = await send(url, 'GET', path, undefined, { host });
        assert.deepEqual([answer.status, answer.headers.server], [421, undefined]);
        assert.match(answer.body, /metrics\.allowed_hosts/);
        assert.doesNotMatch(answer.body, /mizuchi_limit|attacker/);
      }
    });
  }

  it('is not served under an empty Host', async () => {
    const client = await RawClient.connect(url);
    client.write('GET /metrics HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n');
    assert.match(await client.closed(), /^HTTP\/1\.1 421 /);
  });

  it('is served without Host in HTTP/1.0, which no browser speaks', async () => {
    const client = await RawClient.connect(url);
    client.write('GET /metrics HTTP/1.0\r\n\r\n');
    assert.match(await client.closed(), /^HTTP\/1\.1 200 /);
  });

  it('takes GET and HEAD of the metrics only', async () => {
    assert.equal((await send(url, 'HEAD', '/metrics')).status, 200);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await send(url, method, '/metrics', method === 'OPTIONS' ? undefined : 'x');
      assert.deepEqual([status, headers.allow, headers['access-control-allow-origin']], [405, 'GET, HEAD', undefined]);
    }
    assert.equal((await send(url, 'GET', '/metric')).status, 404);
    assert.equal((await send(url, 'GET', 'http://attacker.example/metrics')).status, 404);
  });

  it('has separate limits of headers and connections', async () => {
    assert.match((await send(url, 'GET', '/metrics')).body, /^mizuchi_limit\{setting="metrics.max_connections"\} 8$/m);
    assert.equal((await send(url, 'GET', '/metrics', undefined, { 'x-filler': 'a'.repeat(9_000) })).status, 431);
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(url)));
    const more = await RawClient.connect(url);
    assert.equal(await more.closed(), '');
    clients[0]!.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    assert.match(await clients[0]!.closed(), /^HTTP\/1\.1 200 /);
    for (const { socket } of clients) {
      if (socket.destroyed) continue;
      socket.destroy();
      await once(socket, 'close');
    }
  });
});
