/** The life of the gRPC exporter's connection: proxies, addresses, pings, and the end. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { collectorLookup, SharedLookup } from '../../../src/export/shared-lookup.ts';
import { GrpcConnection } from '../../../src/export/thread/grpc-connection.ts';
import { deadEndpoint, faultyServer, hang } from '../../support/faulty-server.ts';
import { ACK, FRAME, frame, frameServer } from '../../support/frame-server.ts';
import { grpcExporter, grpcResult, REQUEST } from '../../support/grpc-exporter.ts';
import { receiveGrpc } from '../../support/otlp-receiver.ts';

const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy', 'no_grpc_proxy', 'no_proxy'];

/** Sets the variables for one test. */
function environment(t: TestContext, variables: Readonly<Record<string, string>>): void {
  const before = PROXY_VARIABLES.map((name) => [name, process.env[name]] as const);
  for (const name of PROXY_VARIABLES) delete process.env[name];
  Object.assign(process.env, variables);
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

/** A proxy that connects every request to one port of the loopback. */
async function proxyTo(
  t: TestContext,
  port: number,
  status = 200,
): Promise<{ readonly requests: IncomingMessage[]; readonly port: number }> {
  const requests: IncomingMessage[] = [];
  const proxy: Server = createServer().on('connect', (request: IncomingMessage, client: Socket) => {
    requests.push(request);
    client.on('error', () => {});
    if (status !== 200) return void client.end(`HTTP/1.1 ${status} no\r\n\r\n`);
    const upstream = connect(port, '127.0.0.1').on('error', () => client.destroy());
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    client.pipe(upstream).pipe(client);
    t.after(() => upstream.destroy());
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  t.after(() => proxy.close());
  return { requests, port: (proxy.address() as AddressInfo).port };
}

describe('the gRPC exporter behind a proxy', () => {
  it('connects through it, with its credentials, without looking up the collector', async (t) => {
    const receiver = await receiveGrpc();
    t.after(() => receiver.close());
    const proxy = await proxyTo(t, receiver.port);
    environment(t, { grpc_proxy: `http://user:p%40ss@proxy.example:${proxy.port}` });
    const names: string[] = [];
    const lookup = new SharedLookup(async (name) => {
      names.push(name);
      return [{ address: '127.0.0.1', family: 4 }];
    });
    assert.equal((await grpcResult('http://collector.example:4317', { lookup })).type, 'success');
    const [request] = proxy.requests;
    assert.deepEqual([request?.url, request?.headers.host], ['collector.example:4317', 'collector.example:4317']);
    assert.equal(request?.headers['proxy-authorization'], `Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    assert.deepEqual(names, ['proxy.example']);
  });

  it('checks the certificate of the collector, not of the proxy', async (t) => {
    const {
      SERVER_CERTIFICATE: cert,
      SERVER_KEY: key,
      AUTHORITY: ca,
    } = await import('../../support/test-authority.ts');
    const receiver = await receiveGrpc(undefined, 0, { cert, key });
    t.after(() => receiver.close());
    const proxy = await proxyTo(t, receiver.port);
    environment(t, { https_proxy: `http://127.0.0.1:${proxy.port}` });
    const tls = { version: 0, material: () => ({ ca }) } as never;
    const result = await grpcResult('https://collector.example', { tls });
    assert.match(String(result.message), /Host: collector\.example\. is not in the cert's altnames/);
    assert.equal(proxy.requests[0]?.url, 'collector.example:443');
  });

  it('is retryable if the proxy refuses, is not there, or hangs', async (t) => {
    const refusing = await proxyTo(t, 1, 407);
    environment(t, { http_proxy: `http://user:secret@127.0.0.1:${refusing.port}` });
    const refused = await grpcResult('http://collector.example:4317');
    assert.deepEqual(refused, {
      type: 'retryable',
      message: 'gRPC UNAVAILABLE no connection: the proxy responded with status 407',
      delayMillis: undefined,
    });
    process.env.http_proxy = await deadEndpoint();
    assert.match(String((await grpcResult('http://collector.example:4317')).message), /ECONNREFUSED/);
    const hanging = await faultyServer(hang);
    t.after(() => hanging.close());
    process.env.http_proxy = hanging.endpoint;
    const late = await grpcResult('http://collector.example:4317', { timeoutMillis: 200 });
    assert.match(String(late.message), /DEADLINE_EXCEEDED no connection in time/);
  });

  it('is not used for the loopback', async (t) => {
    const receiver = await receiveGrpc();
    t.after(() => receiver.close());
    environment(t, { http_proxy: await deadEndpoint() });
    assert.equal((await grpcResult(receiver.endpoint)).type, 'success');
  });
});

describe('the connection of the gRPC exporter', () => {
  it('tries each address of a name', async (t) => {
    const receiver = await receiveGrpc();
    t.after(() => receiver.close());
    const addresses = [
      { address: '::1', family: 6 },
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup = new SharedLookup(async () => addresses);
    environment(t, {});
    assert.equal((await grpcResult(`http://collector.example:${receiver.port}`, { lookup })).type, 'success');
  });

  it('is dropped if a ping is not acknowledged while a call runs', async (t) => {
    let pings = 0;
    const server = await frameServer(
      (socket) => socket.write(frame(FRAME.settings, 0, 0)),
      ({ type, flags }, socket) => {
        if (type === FRAME.settings && flags !== ACK) socket.write(frame(FRAME.settings, ACK, 0));
        if (type === FRAME.ping && ++pings < 3) socket.write(frame(FRAME.ping, ACK, 0, Buffer.alloc(8)));
      },
    );
    t.after(() => server.close());
    const closed = Promise.withResolvers<void>();
    const options = {
      endpoint: server.endpoint,
      tls: {},
      lookup: collectorLookup.lookup,
      keepAliveMillis: 30,
      tooManyPings() {},
    };
    const connection = new GrpcConnection(options, closed.resolve);
    const request = { headers: { ':path': '/', ':method': 'POST' }, message: REQUEST, isCompressed: false };
    const { status } = await connection.call(request, 5000);
    await closed.promise;
    assert.deepEqual([status.code, connection.isUsable], ['UNAVAILABLE', false]);
    assert.match(status.message, /lost: a ping was not acknowledged/);
  });

  it('sends fewer pings to a server that rejects their number', async (t) => {
    let rejections = 0;
    const goaway = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 11]), Buffer.from('too_many_pings')]);
    const server = await frameServer(
      (socket) => socket.write(Buffer.concat([frame(FRAME.settings, 0, 0), frame(FRAME.goaway, 0, 0, goaway)])),
      () => {},
    );
    t.after(() => server.close());
    const options = {
      endpoint: server.endpoint,
      tls: {},
      lookup: collectorLookup.lookup,
      keepAliveMillis: 1000,
      tooManyPings: () => void rejections++,
    };
    const closed = Promise.withResolvers<void>();
    new GrpcConnection(options, closed.resolve);
    await closed.promise;
    assert.equal(rejections, 1);
  });

  it('ends with the exporter, whatever its state', async (t) => {
    const hanging = await faultyServer(hang);
    const silent = await receiveGrpc(() => undefined);
    t.after(() => Promise.all([hanging.close(), silent.close()]));
    for (const endpoint of [hanging.endpoint, silent.endpoint]) {
      const exporter = grpcExporter(endpoint, { timeoutMillis: 60_000 });
      const result = exporter.export(REQUEST);
      await new Promise((resolve) => setTimeout(resolve, 100));
      exporter.close();
      assert.equal((await result).type, 'retryable');
    }
  });

  it('is closed after a call without a response', async (t) => {
    const open = new Set<Socket>();
    const server = await faultyServer((socket) => {
      open.add(socket.resume());
      socket.once('close', () => open.delete(socket));
    });
    t.after(() => server.close());
    const exporter = grpcExporter(server.endpoint, { timeoutMillis: 50 });
    t.after(() => exporter.close());
    for (let i = 0; i < 5; i++) await Promise.all([exporter.export(REQUEST), exporter.export(REQUEST)]);
    while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(server.connections >= 5);
  });

  it('retains no request', async (t) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const receiver = await receiveGrpc();
    t.after(() => receiver.close());
    const exporter = grpcExporter(receiver.endpoint);
    t.after(() => exporter.close());
    const send = async (): Promise<WeakRef<Uint8Array>> => {
      const request = Buffer.alloc(100_000);
      await exporter.export(request);
      return new WeakRef(request);
    };
    const requests = [await send(), await send(), await send()];
    for (let i = 0; i < 20 && requests.some((request) => request.deref() !== undefined); i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      collect();
    }
    assert.deepEqual(
      requests.map((request) => request.deref()),
      [undefined, undefined, undefined],
    );
  });

  it('does not keep the process alive when it is idle', async (t) => {
    const receiver = await receiveGrpc();
    t.after(() => receiver.close());
    const program = `const { grpcResult, grpcExporter, REQUEST } = await import(${JSON.stringify(import.meta.resolve('../../support/grpc-exporter.ts'))});
      console.log((await grpcExporter(${JSON.stringify(receiver.endpoint)}).export(REQUEST)).type)`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    });
    assert.equal(stdout, 'success\n');
  });
});
