/** The gRPC exporter against the server of grpc-js: an implementation of gRPC that is not ours. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createServer } from 'node:tls';
import { type handleUnaryCall, Metadata, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js';
import { CollectorTls } from '../../../src/export/collector-tls.ts';
import { exportHeaders } from '../../../src/export/export-headers.ts';
import { SIGNALS } from '../../../src/export/signal.ts';
import { grpcExporter, grpcResult, REQUEST } from '../../support/grpc-exporter.ts';
import { encodeMessage } from '../../support/otlp-messages.ts';
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from '../../support/test-authority.ts';

type Call = ServerUnaryCall<Buffer, Buffer>;
type Respond = handleUnaryCall<Buffer, Buffer>;
type Running = TestContext | { after(run: () => void): void };

const accept: Respond = (_, done) => done(null, Buffer.alloc(0));
const asIs = (bytes: Buffer): Buffer => bytes;

/** @returns the port. */
async function serve(
  t: Running,
  respond: Respond = accept,
  credentials = ServerCredentials.createInsecure(),
  options: object = {},
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = new Server(options);
  const method = { path: SIGNALS.traces.method, requestStream: false, responseStream: false } as const;
  const codec = {
    requestDeserialize: asIs,
    requestSerialize: asIs,
    responseDeserialize: asIs,
    responseSerialize: asIs,
  };
  server.addService({ export: { ...method, ...codec } }, { export: respond });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  t.after(() => server.forceShutdown());
  return { server, port };
}

describe('the gRPC exporter and a server of grpc-js', () => {
  it('sends metadata, deadline and message, compressed or not', async (t) => {
    const calls: Call[] = [];
    const { port } = await serve(t, (call, done) => {
      calls.push(call);
      done(null, Buffer.alloc(0));
    });
    const message = Buffer.from('message '.repeat(100_000));
    const headers = exportHeaders(
      { 'X-Api-Key': 'secret ~!', 'x-data-bin': Buffer.from([0, 255]).toString('base64') },
      undefined,
    );
    for (const compression of ['none', 'gzip'] as const) {
      const sent = performance.timeOrigin + performance.now();
      const result = await grpcResult(
        `http://127.0.0.1:${port}`,
        { headers, compression, timeoutMillis: 3000 },
        message,
      );
      assert.deepEqual(result, { type: 'success', rejected: 0, message: '' });
      const call = calls.at(-1)!;
      const { request, metadata } = call;
      assert.ok(request.equals(message));
      assert.deepEqual(metadata.get('x-api-key'), ['secret ~!']);
      assert.deepEqual(metadata.get('x-data-bin'), [Buffer.from([0, 255])]);
      assert.deepEqual(metadata.get('user-agent'), ['test']);
      const left = Number(call.getDeadline()) - sent;
      assert.ok(left > 1000 && left < 4000, `${left} ms`);
    }
  });

  it('does not send a header value that gRPC does not allow, and does not repeat it', async (t) => {
    const { port } = await serve(t);
    for (const value of ['ü-secret', 'secret\n', '\u0000secret']) {
      const headers = { current: () => ({ 'x-key': value }) };
      await assert.rejects(
        grpcResult(`http://127.0.0.1:${port}`, { headers }),
        /^Error: the value of the header x-key has [^ü]*$/,
      );
    }
  });

  it('reads code, message and RetryInfo', async (t) => {
    const metadata = new Metadata();
    const value = encodeMessage('RetryInfo', { retryDelay: { seconds: 2 } });
    const details = [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value }];
    metadata.set('grpc-status-details-bin', Buffer.from(encodeMessage('RpcStatus', { code: 8, details })));
    const { port } = await serve(t, (_, done) =>
      done({ code: status.RESOURCE_EXHAUSTED, details: 'busy 100%, später', metadata }),
    );
    assert.deepEqual(await grpcResult(`http://127.0.0.1:${port}`), {
      type: 'retryable',
      message: 'gRPC RESOURCE_EXHAUSTED busy 100%, sp ter',
      delayMillis: 2000,
    });
  });

  it('recognizes a request that is too large, and a method that does not exist', async (t) => {
    const { port } = await serve(t, accept, undefined, { 'grpc.max_receive_message_length': 1000 });
    const tooLarge = await grpcResult(`http://127.0.0.1:${port}`, {}, Buffer.alloc(1001));
    assert.equal(tooLarge.type, 'too_large', String(tooLarge.message));
    const unknown = await grpcResult(`http://127.0.0.1:${port}`, { method: '/no.Such/Method' });
    assert.deepEqual([unknown.type, String(unknown.message).slice(0, 18)], ['unauthorized', 'gRPC UNIMPLEMENTED']);
  });

  it('sends 20 MB', async (t) => {
    const unlimited = { 'grpc.max_receive_message_length': -1 };
    let length = 0;
    const { port } = await serve(
      t,
      ({ request }, done) => {
        length = request.length;
        done(null, Buffer.alloc(0));
      },
      undefined,
      unlimited,
    );
    const exporter = grpcExporter(`http://127.0.0.1:${port}`, { timeoutMillis: 20_000 });
    t.after(() => exporter.close());
    const request = Buffer.alloc(20 * 1024 * 1024, 'x');
    const results = await Promise.all([exporter.export(request), exporter.export(REQUEST), exporter.export(request)]);
    for (const { type, message } of results) assert.equal(type, 'success', String(message));
    assert.ok(length > 0);
  });

  it('loses no call when the server ends connections by age', async (t) => {
    const { port } = await serve(t, accept, undefined, {
      'grpc.max_connection_age_ms': 20,
      'grpc.max_connection_age_grace_ms': 5000,
    });
    const exporter = grpcExporter(`http://127.0.0.1:${port}`);
    t.after(() => exporter.close());
    const until = performance.now() + 1000;
    const types = new Set<string>();
    const send = async (): Promise<void> => {
      while (performance.now() < until) types.add((await exporter.export(REQUEST)).type);
    };
    await Promise.all([send(), send(), send(), send()]);
    // A call that crosses the end of a connection is refused before it is processed, and so it is sent again.
    types.delete('retryable');
    assert.deepEqual([...types], ['success']);
  });

  it('finishes a running call when the server shuts down in order', async (t) => {
    const { server, port } = await serve(t, (_, done) => {
      server.tryShutdown(() => {});
      setTimeout(done, 100, null, Buffer.alloc(0));
    });
    const exporter = grpcExporter(`http://127.0.0.1:${port}`);
    t.after(() => exporter.close());
    assert.equal((await exporter.export(REQUEST)).type, 'success');
    assert.match(String((await exporter.export(REQUEST)).message), /ECONNREFUSED/);
  });
});

describe('the gRPC exporter and TLS', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-grpc-'));
    for (const [name, text] of Object.entries({ ca: AUTHORITY, cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }))
      await writeFile(join(folder, name), text);
  });
  after(() => rm(folder, { recursive: true }));

  const file = (name: string): string => join(folder, name);
  const server = { private_key: Buffer.from(SERVER_KEY), cert_chain: Buffer.from(SERVER_CERTIFICATE) };
  const strict = () => ServerCredentials.createSsl(Buffer.from(AUTHORITY), [server], true);

  it('shows its certificate, by name and by address', async (t) => {
    const { port } = await serve(t, accept, strict());
    const tls = new CollectorTls({ caFile: file('ca'), certFile: file('cert'), keyFile: file('key') });
    for (const host of ['localhost', '127.0.0.1'])
      assert.equal((await grpcResult(`https://${host}:${port}`, { tls })).type, 'success', host);
  });

  it('names the reason if there is no connection', async (t) => {
    const { port } = await serve(t, accept, strict());
    const { port: plain } = await serve(t);
    const ca = new CollectorTls({ caFile: file('ca') });
    for (const [endpoint, tls, reason] of [
      [`https://localhost:${port}`, new CollectorTls(), /SELF_SIGNED_CERT_IN_CHAIN/],
      [`https://localhost:${port}`, ca, /certificate required|ECONNRESET|lost/],
      [`https://127.0.0.2:${port}`, ca, /ECONNREFUSED/],
      [`https://localhost:${plain}`, ca, /wrong version number/],
      [`http://localhost:${port}`, ca, /Failed to connect|ECONNRESET/],
    ] as const) {
      const result = await grpcResult(endpoint, { tls, timeoutMillis: 2000 });
      assert.equal(result.type, 'retryable');
      assert.match(result.message, reason);
    }
  });

  it('needs a server that negotiates HTTP/2', async (t) => {
    const silent = createServer({ key: SERVER_KEY, cert: SERVER_CERTIFICATE }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => silent.close());
    const tls = new CollectorTls({ caFile: file('ca') });
    const { port } = silent.address() as AddressInfo;
    const result = await grpcResult(`https://localhost:${port}`, { tls });
    assert.deepEqual(
      [result.type, result.message],
      ['retryable', 'gRPC UNAVAILABLE no connection: the server does not negotiate HTTP/2'],
    );
  });

  it('connects again when the certificate has been renewed', async (t) => {
    let [version, read] = [1, 0];
    const material = { ca: AUTHORITY, cert: CLIENT_CERTIFICATE, key: CLIENT_KEY };
    const tls = {
      get version() {
        return version;
      },
      material: () => {
        read++;
        return material;
      },
    } as unknown as CollectorTls;
    const peers = new Set<string>();
    const { port } = await serve(
      t,
      (call, done) => {
        peers.add(call.getPeer());
        done(null, Buffer.alloc(0));
      },
      strict(),
    );
    const exporter = grpcExporter(`https://localhost:${port}`, { tls });
    t.after(() => exporter.close());
    for (let i = 0; i < 4; i++) {
      assert.equal((await exporter.export(REQUEST)).type, 'success');
      if (i === 1) version = 2;
    }
    assert.deepEqual([read, peers.size], [2, 2]);
  });
});
