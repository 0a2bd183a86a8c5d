/** Metrics and logs for a collector that wants to know who asks: TLS of both sides, and keys that are renewed while we run. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import http2, { type ServerHttp2Stream } from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from '../support/test-authority.ts';

interface Arrival {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Common name of the client's certificate. */
  readonly client: string | undefined;
}

/** What arrives, and an event for it. */
class Arrivals extends EventEmitter {
  readonly all: Arrival[] = [];

  add(arrival: Arrival): void {
    this.all.push(arrival);
    this.emit('arrival');
  }

  async until(fits: (arrival: Arrival) => boolean): Promise<Arrival> {
    for (;;) {
      const found = this.all.find(fits);
      if (found !== undefined) return found;
      await once(this, 'arrival');
    }
  }
}

describe('metrics and logs for a collector that requires authentication', () => {
  let folder: string;
  let store: RawStore;
  let arrivals: Arrivals;
  let gateway: TestGateway | undefined;
  const servers: Server[] = [];
  const strict = {
    key: SERVER_KEY,
    cert: SERVER_CERTIFICATE,
    ca: AUTHORITY,
    requestCert: true,
    rejectUnauthorized: true,
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-pushed-'));
    store = await RawStore.start();
    await writeFile(join(folder, 'ca.pem'), AUTHORITY);
  });
  beforeEach(async () => {
    arrivals = new Arrivals();
    await writeFile(join(folder, 'cert.pem'), CLIENT_CERTIFICATE);
    await writeFile(join(folder, 'key.pem'), CLIENT_KEY);
    await writeFile(join(folder, 'headers'), 'Authorization: Bearer first\n');
  });
  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
    for (const server of servers.splice(0)) server.close();
  });
  after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const tls = { ca_file: 'ca.pem', cert_file: 'cert.pem', key_file: 'key.pem' };
  const start = (otlp: object) =>
    startGateway({
      storeUrl: store.url,
      directory: folder,
      metrics: { otlp: { interval_seconds: 0.1, ...otlp } },
      logging: { otlp },
    });
  async function listening(server: Server): Promise<number> {
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }
  /** Each request comes on a connection of its own. */
  const overHttp: http.RequestListener = (request, response) => {
    const { headers, url: path = '' } = request;
    const client = (request.socket as TLSSocket).getPeerCertificate?.().subject?.CN as string | undefined;
    request.resume().once('end', () => {
      response.writeHead(200, { connection: 'close' }).end();
      arrivals.add({ path, headers, client });
    });
  };
  const overGrpc = (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void => {
    const socket = stream.session!.socket as TLSSocket;
    arrivals.add({
      path: String(headers[':path']),
      headers,
      client: socket.getPeerCertificate?.().subject?.CN as string | undefined,
    });
    stream
      .on('error', () => {})
      .respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.resume().once('end', () => stream.end(Buffer.alloc(5)));
  };

  it('are sent over HTTP with certificate and key, and with the new ones when the files have changed', async () => {
    const port = await listening(https.createServer(strict, overHttp));
    const headers = { authorization: 'Bearer of-the-section', 'x-tenant': 'seven' };
    const endpoint = `https://localhost:${port}`;
    gateway = await start({ endpoint, protocol: 'http/protobuf', tls, headers, headers_file: 'headers' });
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    const metrics = await arrivals.until(({ path }) => path === '/v1/metrics');
    assert.deepEqual([metrics.client, metrics.headers.authorization], ['client of tests', 'Bearer first']);
    assert.equal(metrics.headers['x-tenant'], 'seven');
    await writeFile(join(folder, 'headers'), 'Authorization: Bearer second\n');
    await writeFile(join(folder, 'cert.pem'), SERVER_CERTIFICATE); // another one of the same authority
    await writeFile(join(folder, 'key.pem'), SERVER_KEY);
    await arrivals.until(
      ({ path, client, headers }) =>
        path === '/v1/metrics' && client === 'server of tests' && headers.authorization === 'Bearer second',
    );
    await gateway.close();
    assert.ok(arrivals.all.some(({ path }) => path === '/v1/logs'));
    for (const { client, headers } of arrivals.all) {
      assert.match(String(client), /^(client|server) of tests$/);
      assert.match(String(headers.authorization), /^Bearer (first|second)$/);
    }
  });

  it('are sent over gRPC with certificate and key, and with the new key when the file has changed', async () => {
    const port = await listening(http2.createSecureServer(strict).on('stream', overGrpc));
    gateway = await start({ endpoint: `https://localhost:${port}`, protocol: 'grpc', tls, headers_file: 'headers' });
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    const first = await arrivals.until(({ path }) => path.includes('MetricsService'));
    assert.deepEqual([first.client, first.headers.authorization], ['client of tests', 'Bearer first']);
    await writeFile(join(folder, 'headers'), 'Authorization: Bearer second\n');
    await arrivals.until(
      ({ path, headers }) => path.includes('MetricsService') && headers.authorization === 'Bearer second',
    );
    await gateway.close();
    assert.ok(arrivals.all.some(({ path }) => path.includes('LogsService')));
    for (const { client, headers } of arrivals.all) {
      assert.equal(client, 'client of tests');
      assert.match(String(headers.authorization), /^Bearer (first|second)$/);
    }
  });

  it('are sent with the headers of the file without TLS as well', async () => {
    for (const [protocol, server] of [
      ['http/protobuf', http.createServer(overHttp)],
      ['grpc', http2.createServer().on('stream', overGrpc)],
    ] as const) {
      const endpoint = `http://127.0.0.1:${await listening(server)}`;
      gateway = await start({ endpoint, protocol, headers_file: 'headers' });
      await arrivals.until(({ headers }) => headers.authorization === 'Bearer first');
      await gateway.close();
      assert.ok(arrivals.all.every(({ headers }) => headers.authorization === 'Bearer first'));
      arrivals.all.splice(0);
    }
  });

  for (const [what, section, wanted] of [
    ['a certificate that is not there', { tls: { ca_file: 'no.pem' } }, /metrics\.otlp: ENOENT.*no\.pem/],
    [
      'a key without its certificate',
      { tls: { key_file: 'key.pem' } },
      /tls.*needs both cert_file and key_file; set both, or neither/,
    ],
    ['a file of headers that is none', { headers_file: 'ca.pem' }, /metrics\.otlp: .*ca\.pem:1 is not a header/],
  ] as const) {
    it(`are not tried with ${what}: that is reported when the gateway starts`, async () => {
      const metrics = { otlp: { endpoint: 'https://localhost:1', ...section } };
      await assert.rejects(async () => startGateway({ storeUrl: store.url, directory: folder, metrics }), wanted);
    });
  }

  it('are not tried with a wrong file of logging either', async () => {
    const logging = { otlp: { endpoint: 'https://localhost:1', headers_file: 'nowhere' } };
    await assert.rejects(startGateway({ storeUrl: store.url, directory: folder, logging }), /logging\.otlp: ENOENT/);
  });
});
