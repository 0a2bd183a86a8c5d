import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { RawClient, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from '../support/test-authority.ts';

const PUT = 'PUT /uploads/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello';

/** A TLS connection after its handshake. */
async function secure(gateway: TestGateway, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: gateway.app.port, ca: AUTHORITY, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** Everything that comes back until the other side closes. */
async function talk(socket: TLSSocket, text: string): Promise<string> {
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes;
  });
  socket.write(text);
  await once(socket, 'close');
  return received;
}

async function logged(gateway: TestGateway, field: string, pattern: RegExp): Promise<unknown> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const line = gateway.log.find((each) => pattern.test(String(each[field])));
    if (line !== undefined) return line;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`no line with ${field} ${pattern}: ${JSON.stringify(gateway.log)}`);
}

const refused = async ({ app }: TestGateway, reason: string): Promise<number> => {
  const { body } = await send(`http://127.0.0.1:${app.metricsPort}`, 'GET', '/metrics');
  return Number(
    new RegExp(`^mizuchi_refused_connections_total\\{reason="${reason}"\\} (\\d+)`, 'm').exec(body)?.[1] ?? 0,
  );
};

describe('the upload port with TLS', () => {
  let directory: string;
  let store: RawStore;
  let collector: OtlpReceiver;
  const gateways: TestGateway[] = [];
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  async function start(tls: Record<string, unknown> = {}): Promise<TestGateway> {
    const gateway = await startGateway({
      storeUrl: store.url,
      directory,
      server: { tls: { cert_file: 'cert.pem', key_file: 'key.pem', ...tls } },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    });
    gateways.push(gateway);
    return gateway;
  }
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mizuchi-tls-'));
    write('cert.pem', SERVER_CERTIFICATE);
    write('key.pem', SERVER_KEY);
    write('authority.pem', AUTHORITY);
    store = await RawStore.start();
    collector = await receiveHttp();
  });
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway.close();
  });
  after(async () => {
    await collector.close();
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it('accepts uploads of the AWS SDK, with https in the trace', async (test) => {
    const gateway = await start();
    const agent = new Agent({ ca: AUTHORITY });
    const client = new S3Client({
      endpoint: `https://localhost:${gateway.app.port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      requestHandler: { httpsAgent: agent },
    });
    test.after(() => client.destroy());
    await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'over tls', Body: 'hello' }));
    assert.equal(store.requests.at(-1)?.target, '/my-bucket/over%20tls');
    await collector.until((each) => each.spans().some(({ kind }) => kind === 2));
    const { attributes } = collector.spans().find(({ kind }) => kind === 2)!;
    assert.deepEqual(attributes['url.scheme'], { string: 'https' });
    assert.deepEqual(attributes['network.protocol.version'], { string: '1.1' });
    assert.deepEqual(attributes['client.address'], { string: '127.0.0.1' });
  });

  it('uses https URLs in response documents', async (test) => {
    const gateway = await start();
    const initiated = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
    store.behaviour = answering(200, initiated);
    test.after(() => {
      store.behaviour = answerWell;
    });
    const create = await talk(
      await secure(gateway),
      'POST /uploads/k?uploads HTTP/1.1\r\nHost: up.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    const uploadId = /<UploadId>([^<]+)/.exec(create)?.[1];
    assert.ok(uploadId !== undefined, create);
    const location = '<Location>http://store/my-bucket/k</Location>';
    store.behaviour = answering(
      200,
      `<CompleteMultipartUploadResult>${location}<ETag>&quot;e-1&quot;</ETag></CompleteMultipartUploadResult>`,
    );
    const parts =
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>';
    const complete = await talk(
      await secure(gateway),
      `POST /uploads/k?uploadId=${uploadId} HTTP/1.1\r\nHost: up.example\r\nContent-Length: ${parts.length}\r\nConnection: close\r\n\r\n${parts}`,
    );
    assert.match(complete, /<Location>https:\/\/up\.example\/uploads\/k<\/Location>/);
  });

  it('speaks http/1.1 only, and TLS 1.2 at least', async () => {
    const gateway = await start();
    const both = await secure(gateway, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(both.alpnProtocol, 'http/1.1');
    both.destroy();
    await assert.rejects(secure(gateway, { ALPNProtocols: ['h2'] }));
    await assert.rejects(
      secure(gateway, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    );
    const old = await secure(gateway, { maxVersion: 'TLSv1.2' });
    assert.equal(old.getProtocol(), 'TLSv1.2');
    old.destroy();
    const strict = await start({ min_version: '1.3' });
    await assert.rejects(secure(strict, { maxVersion: 'TLSv1.2' }));
    assert.match(await talk(await secure(strict), PUT), /^HTTP\/1\.1 200 /);
  });

  it('logs and counts plain HTTP and broken handshakes once each, and goes on', async () => {
    const gateway = await start();
    for (const [bytes, problem] of [
      [PUT, 'plain_http'],
      ['\x16\x03\x01\x00\x05hello', 'tls_handshake'],
    ] as const) {
      gateway.log.length = 0;
      const before = await refused(gateway, problem);
      const client = await RawClient.connect(gateway.url);
      client.write(Buffer.from(bytes, 'latin1'));
      await client.closed();
      const line = (await logged(gateway, 'problem', new RegExp(`^${problem}$`))) as { peer_address?: string };
      assert.equal(line.peer_address, '127.0.0.1');
      assert.equal(gateway.log.length, 1);
      assert.equal(await refused(gateway, problem), before + 1);
    }
    assert.match(await talk(await secure(gateway), PUT), /^HTTP\/1\.1 200 /);
  });

  it('responds to malformed HTTP inside TLS like outside, with a trace', async () => {
    const gateway = await start();
    assert.match(await talk(await secure(gateway), 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.equal(gateway.log.at(-1)?.error_type, 'bad_request');
    assert.equal(gateway.log.at(-1)?.client_address, '127.0.0.1');
  });

  it('demands certificates of clients where there is an authority for them', async () => {
    const gateway = await start({ client_ca_file: 'authority.pem' });
    const known = await secure(gateway, { cert: CLIENT_CERTIFICATE, key: CLIENT_KEY });
    assert.match(await talk(known, PUT), /^HTTP\/1\.1 200 /);
    const stored = store.requests.length;
    for (const stranger of [{}, { cert: SELF_SIGNED_CERTIFICATE, key: SELF_SIGNED_KEY }]) {
      gateway.log.length = 0;
      // With TLS 1.3 the client is through before the server has seen its certificate.
      const answer = secure(gateway, stranger).then((socket) => talk(socket, PUT));
      await answer.then(
        (text) => assert.equal(text, ''),
        () => {},
      );
      const line = (await logged(gateway, 'problem', /^client_certificate$/)) as { peer_address?: string };
      assert.equal(line.peer_address, '127.0.0.1');
    }
    assert.equal(store.requests.length, stored);
  });

  it('takes a new certificate when the files change, and keeps the old one while they do not fit', async (test) => {
    const gateway = await start();
    test.after(() => {
      write('cert.pem', SERVER_CERTIFICATE);
      write('key.pem', SERVER_KEY);
    });
    const subject = async (): Promise<string> => {
      const socket = await secure(gateway, { rejectUnauthorized: false });
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return String(CN);
    };
    assert.equal(await subject(), 'server of tests');
    write('cert.pem', SELF_SIGNED_CERTIFICATE);
    await logged(gateway, 'message', /^certificates could not be read again; the previous ones stay in use$/);
    assert.equal(await subject(), 'server of tests');
    write('key.pem', SELF_SIGNED_KEY);
    await logged(gateway, 'message', /^certificates read again$/);
    assert.equal(await subject(), 'localhost');
  });

  it('takes a new certificate on SIGHUP', async (test) => {
    const gateway = await start();
    test.after(() => {
      write('cert.pem', SERVER_CERTIFICATE);
      write('key.pem', SERVER_KEY);
    });
    write('cert.pem', SELF_SIGNED_CERTIFICATE);
    write('key.pem', SELF_SIGNED_KEY);
    await gateway.app.reload();
    const socket = await secure(gateway, { ca: SELF_SIGNED_CERTIFICATE });
    assert.equal(socket.getPeerCertificate().subject.CN, 'localhost');
    socket.destroy();
  });

  it('does not start with a key that belongs to another certificate', async () => {
    write('other.pem', SELF_SIGNED_KEY);
    await assert.rejects(start({ key_file: 'other.pem' }), /server\.tls: .*key/);
    await assert.rejects(start({ key_file: 'missing.pem' }), /server\.tls: .*missing\.pem/);
    await assert.rejects(start({ client_ca_file: 'other.pem' }), /server\.tls: /);
  });

  it('closes a stalled handshake, and serves others in the meantime', async () => {
    const gateway = await start();
    const client = await RawClient.connect(gateway.url);
    client.write(Buffer.from('\x16\x03\x01', 'latin1'));
    assert.match(await talk(await secure(gateway), PUT), /^HTTP\/1\.1 200 /);
    assert.equal(await client.closed(), '');
    await logged(gateway, 'problem', /^tls_handshake_timeout$/);
    assert.equal(await refused(gateway, 'tls_handshake_timeout'), 1);
  });

  it('lets a peer go at once that leaves during its handshake, as balancers do', async () => {
    const gateway = await start();
    const still = await RawClient.connect(gateway.url);
    still.write(Buffer.from('\x16\x03\x01', 'latin1'));
    const left = await RawClient.connect(gateway.url);
    left.socket.end();
    const first = await Promise.race([still.closed().then(() => 'still'), left.closed().then(() => 'left')]);
    assert.equal(first, 'left');
    still.destroy();
  });

  it('closes in time during a stalled handshake', async () => {
    const gateway = await startGateway({
      storeUrl: store.url,
      directory,
      server: { tls: { cert_file: 'cert.pem', key_file: 'key.pem' }, shutdown_timeout_seconds: 0.05 },
    });
    const client = await RawClient.connect(gateway.url);
    client.write(Buffer.from('\x16\x03\x01', 'latin1'));
    await gateway.close();
    assert.equal(await client.closed(), '');
  });
});
