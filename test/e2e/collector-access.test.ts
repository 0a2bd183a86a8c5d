/** How the collector is reached where it wants to know who asks: TLS of both sides, and keys that are renewed while we run. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { receiveGrpc, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from '../support/test-authority.ts';

describe('the collector', () => {
  let folder: string;
  let store: RawStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-collector-'));
    store = await RawStore.start();
    await writeFile(join(folder, 'ca.pem'), AUTHORITY);
    await writeFile(join(folder, 'cert.pem'), CLIENT_CERTIFICATE);
    await writeFile(join(folder, 'key.pem'), CLIENT_KEY);
    await writeFile(join(folder, 'ours'), 'X-Tenant: a\nContent-Length: 7\n');
  });
  after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  const tls = { ca_file: 'ca.pem', cert_file: 'cert.pem', key_file: 'key.pem' };
  const strict = {
    key: SERVER_KEY,
    cert: SERVER_CERTIFICATE,
    ca: AUTHORITY,
    requestCert: true,
    rejectUnauthorized: true,
  };
  const start = (otlp: object) =>
    startGateway({
      storeUrl: store.url,
      directory: folder,
      tracing: { enabled: true, otlp, batch: { scheduled_delay_millis: 10 } },
    });

  it('is shown a certificate over HTTP, and believed by its authority', async (t) => {
    const names: string[] = [];
    const server = createServer(strict, (request, response) => {
      names.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      request.resume().once('end', () => response.end());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
    const gateway = await start({ endpoint, protocol: 'http/protobuf', tls });
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    await gateway.close();
    assert.deepEqual([...new Set(names)], ['client of tests']);
  });

  it('is shown a certificate over gRPC', async (t) => {
    const receiver = await receiveGrpc(undefined, 0, strict);
    t.after(() => receiver.close());
    const gateway = await start({ endpoint: `https://localhost:${receiver.port}`, protocol: 'grpc', tls });
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    await gateway.close();
    assert.equal(receiver.spans().length, 4);
  });

  it('that is not trusted costs no upload, and is logged', async (t) => {
    const receiver = await receiveGrpc(undefined, 0, { key: SERVER_KEY, cert: SERVER_CERTIFICATE });
    t.after(() => receiver.close());
    const gateway = await start({ endpoint: `https://localhost:${receiver.port}`, protocol: 'grpc' });
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
    await gateway.close();
    assert.equal(receiver.spans().length, 0);
    assert.ok(gateway.log.some(({ message }) => message === 'spans are not delivered'));
  });

  for (const [what, otlp, wanted] of [
    ['a certificate that is not there', { tls: { ca_file: 'nowhere.pem' } }, /tracing: ENOENT.*nowhere\.pem/],
    ['a certificate that is none', { tls: { cert_file: 'key.pem', key_file: 'key.pem' } }, /tracing: .*key\.pem: /],
    [
      'a header that is ours',
      { headers_file: 'ours' },
      /tracing: .*ours:2 Content-Length is a header that the exporter sets/,
    ],
    ['a file of headers that is none', { headers_file: 'ca.pem' }, /tracing: .*ca\.pem:1 is not a header/],
  ] as const) {
    it(`is not tried with ${what}: the log reports it at the start`, async () => {
      await assert.rejects(start({ endpoint: 'https://localhost:1', ...otlp }), wanted);
    });
  }

  it('gets the key of the file, and the new one when that has changed', async (t) => {
    for (const [protocol, receive] of [
      ['http/protobuf', receiveHttp],
      ['grpc', receiveGrpc],
    ] as const) {
      const receiver = await receive();
      t.after(() => receiver.close());
      await writeFile(join(folder, 'headers'), '# renewed every hour\nAuthorization: Bearer first-key\n');
      const headers = { authorization: 'Bearer of-the-file', 'x-tenant': 'seven' };
      const gateway = await start({ endpoint: receiver.endpoint, protocol, headers, headers_file: 'headers' });
      await send(gateway.url, 'PUT', '/uploads/k', 'hello');
      await receiver.until(() => receiver.exports.length === 1);
      await writeFile(join(folder, 'headers'), 'Authorization: Bearer the-second-key\n');
      const seen = () => receiver.exports.map(({ headers }) => headers.authorization);
      while (seen().at(-1) !== 'Bearer the-second-key') {
        await send(gateway.url, 'PUT', '/uploads/k', 'hello');
        await sleep(50); // the file is looked at once a second
      }
      await gateway.close();
      assert.equal(seen()[0], 'Bearer first-key');
      assert.equal(receiver.exports[0]!.headers['x-tenant'], 'seven');
      assert.ok(!JSON.stringify(gateway.log).includes('key'));
    }
  });

  it('is not needed with the exporter console', async () => {
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      tracing: { exporter: 'console', batch: { scheduled_delay_millis: 10 } },
      metrics: { port: 0 },
    });
    const { headers } = await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    const [, traceId] = /00-([0-9a-f]{32})/.exec(String(headers['server-timing']))!;
    const root = await gateway.logged(({ span }) => span === 'http.server.request');
    assert.equal(root.trace_id, traceId);
    assert.equal(root.kind, 'SERVER');
    assert.equal((root.attributes as Record<string, unknown>)['http.response.status_code'], 200);
    assert.ok(Number(root.duration_ms) > 0);
    assert.equal(await gateway.stop(), 0);
  });
});
