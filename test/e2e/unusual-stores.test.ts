/** Stores, policy engines and identity providers as they are: below a path, compressed responses, headers that come twice. */
import assert from 'node:assert/strict';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { parseConfig } from '../../src/config/parse-config.ts';
import { EmbeddedStore, sha256 } from '../support/embedded-store.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { beginUpload, COMPLETED, CREATED, complete } from '../support/multipart.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;

describe('an endpoint with a path', () => {
  const PATH = '/storage/v1/s3';
  const verified: string[] = [];
  let store: EmbeddedStore;
  let front: Server;
  let gateway: TestGateway;

  /** As Supabase does: what is below the path is S3. The store behind it verifies the signature over the whole path. */
  before(async () => {
    store = await EmbeddedStore.start({ buckets: ['my-bucket', 'storage'] });
    const { hostname, port } = new URL(store.url);
    front = createServer((incoming, outgoing) => {
      verified.push(incoming.url ?? '');
      const { method, headers } = incoming;
      const passed = httpRequest({ hostname, port, method, headers, path: incoming.url! });
      passed.on('response', (response) => {
        outgoing.writeHead(response.statusCode!, response.headers);
        response.pipe(outgoing);
      });
      incoming.pipe(passed);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const storeUrl = `http://127.0.0.1:${(front.address() as AddressInfo).port}${PATH}/`;
    // For the embedded store all behind its bucket `storage` is the key, so it verifies the path as it was sent.
    gateway = await startGateway({ storeUrl, upload: { multipart_threshold: '5MiB', part_size: '5MiB' } });
  });
  after(async () => {
    await gateway.close();
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
    await store.close();
  });

  it('comes before bucket and key in every request, and under the signature', async () => {
    const endpoint = gateway.url;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials });
    for (const [Key, size] of [
      ['a b/ü.txt', 5],
      ['stream', MIB],
      ['parts', 12 * MIB],
    ] as const) {
      const Body = Buffer.alloc(size, Key);
      assert.equal((await send(gateway.url, 'PUT', `/uploads/${encodeURIComponent(Key)}`, Body)).status, 200);
      assert.equal(sha256(await bytesAtStore(`v1/s3/my-bucket/${Key}`)), sha256(Body));
    }
    const Body = Buffer.alloc(11 * MIB, 'x');
    await new Upload({ client, params: { Bucket: 'uploads', Key: 'multipart', Body } }).done();
    assert.equal(sha256(await bytesAtStore('v1/s3/my-bucket/multipart')), sha256(Body));
    client.destroy();
    assert.ok(verified.every((target) => target.startsWith(`${PATH}/my-bucket/`)));
  });
  async function bytesAtStore(key: string): Promise<Uint8Array> {
    const { Body } = await store.get(key, 'storage');
    return Body!.transformToByteArray();
  }

  const parse = (s3: object) => {
    const bucket = { name: 'uploads', s3: { bucket: 'my-bucket', access_key: 'a', secret_key: 'b', ...s3 } };
    return parseConfig(JSON.stringify({ buckets: [bucket] }), 'f', {});
  };
  it('is refused with the bucket in the host name, and where proxies would write it otherwise', () => {
    assert.throws(
      () => parse({ endpoint: 'https://host/s3', path_style: false }),
      /s3\.path_style: cannot be false if endpoint has a path; set it to true/,
    );
    for (const endpoint of ['https://host/a/../b', 'https://host/a//b', 'https://host/%73', 'https://host/ä'])
      assert.throws(() => parse({ endpoint }), /s3\.endpoint/, endpoint);
  });
});

const CODINGS: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: gzipSync,
  'X-GZIP': gzipSync,
  deflate: deflateSync,
  'deflate ': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  'gzip, br': (text) => brotliCompressSync(gzipSync(text)),
  identity: (text) => Buffer.from(text),
};

type Answer = (response: ServerResponse, status: number, text: string) => void;
const coded =
  (coding: string, encode: (text: string) => Buffer): Answer =>
  (response, status, text) =>
    void response.writeHead(status, { 'content-encoding': coding }).end(encode(text));

describe('a server that compresses although the request does not accept that', () => {
  let store: RawStore;
  let engine: FakeEngine;
  let provider: IdentityProvider;
  let gateway: TestGateway;
  let answer: Answer;
  let completion: [status: number, text: string];
  const asked: (string | string[] | undefined)[] = [];

  before(async () => {
    [store, engine, provider] = await Promise.all([RawStore.start(), FakeEngine.start(), IdentityProvider.start()]);
    store.behaviour = (request, response) => {
      ask(request);
      request.resume();
      request.once('end', () => {
        if (request.url?.includes('?uploads')) answer(response, 200, CREATED);
        else answer(response, ...completion);
      });
    };
    engine.behaviour = (request, response) => {
      ask(request);
      answer(response, 200, '{"result":true}');
    };
    gateway = await startGateway({
      storeUrl: store.url,
      authz: { opa: { url: engine.url, policy_path: 'a/b' } },
    });
  });
  beforeEach(() => {
    asked.length = 0;
    completion = [200, COMPLETED];
  });
  after(async () => {
    await gateway.close();
    await Promise.all([store.close(), engine.close(), provider.close()]);
  });
  const ask = ({ headers }: IncomingMessage): void => void asked.push(headers['accept-encoding']);

  /** One upload from a bucket that asks the provider for its keys. */
  async function withToken(): Promise<number> {
    const { issuer, jwksUrl: jwks_url } = provider;
    const auth = { jwt: { issuer, jwks_url, audience: 'uploads', algorithms: ['RS256'] } };
    const keys = JSON.stringify(await (await fetch(jwks_url)).json());
    provider.behaviour = (request, response) => {
      ask(request);
      answer(response, 200, keys);
    };
    const guarded = await startGateway({ storeUrl: store.url, auth });
    const authorization = `Bearer ${await provider.token()}`;
    const { status } = await send(guarded.url, 'POST', '/uploads/k?uploads', '', { authorization });
    provider.behaviour = undefined;
    await guarded.close();
    return status;
  }

  for (const [coding, encode] of Object.entries(CODINGS)) {
    it(`is understood: ${coding}`, async () => {
      answer = coded(coding.trim(), encode);
      const done = await complete(gateway.url, await beginUpload(gateway.url));
      assert.equal(done.status, 200, done.body);
      completion = [404, '<Error><Code>InvalidPart</Code></Error>'];
      const refused = await complete(gateway.url, await beginUpload(gateway.url));
      assert.match(refused.body, /<Code>InvalidPart<\/Code>/);
      assert.equal(await withToken(), 200);
      assert.deepEqual(new Set(asked), new Set(['identity']));
    });
  }

  const bomb = coded('gzip', (text) => gzipSync(text + ' '.repeat(64 * MIB)));
  const half = coded('gzip', (text) => gzipSync(text).subarray(0, -6));
  for (const [what, wrong, reason] of [
    ['becomes 64 MiB', bomb, 'engine_answer_too_large'],
    ['ends in the middle', half, 'engine_answer_not_json'],
    ['has a coding that nobody knows', coded('compress', Buffer.from), 'engine_answer_not_json'],
    ['has many codings', coded('gzip, gzip, gzip', gzipSync), 'engine_answer_not_json'],
  ] as const) {
    it(`is not believed if its response ${what}`, async () => {
      answer = wrong;
      const put = await send(gateway.url, 'PUT', '/uploads/k', 'x');
      assert.deepEqual([put.status, gateway.log.at(-1)?.error_reason], [503, reason]);
      assert.equal(await withToken(), 503);
      const bare = await startGateway({ storeUrl: store.url });
      const { status } = await send(bare.url, 'POST', '/uploads/k?uploads', '');
      assert.deepEqual([status, bare.log.at(-1)?.error_type], [502, 'store_invalid_answer']);
      await bare.close();
      // The breaker is closed again by a success, and this one has its own gateway.
      await gateway.close();
      gateway = await startGateway({
        storeUrl: store.url,
        authz: { opa: { url: engine.url, policy_path: 'a/b' } },
      });
    });
  }
});

describe('a header that the store sends twice', () => {
  it('has its first value for the client, and no response has a header twice', async () => {
    const store = await RawStore.start();
    store.behaviour = (request, response) => {
      request.resume();
      const twice = (name: string, value: string) => [name, value, name, `other-${value}`];
      const head = ['x-amz-request-id', 'x-amz-version-id', 'x-amz-storage-class', 'x-amz-checksum-crc32'];
      const headers = [...head.flatMap((name) => twice(name, 'one')), ...twice('ETag', '"e"'), 'x-amz-id-2', 'a, b'];
      request.once('end', () => response.writeHead(request.headers['x-amz-meta-fail'] ? 503 : 200, headers).end());
    };
    const collected: string[] = [];
    const gateway = await startGateway({ storeUrl: store.url });
    const { hostname, port } = new URL(gateway.url);
    for (const fail of [false, true]) {
      const headers = fail ? { 'x-amz-meta-fail': '1' } : {};
      const request = httpRequest({ hostname, port, method: 'PUT', path: '/uploads/k', headers, agent: false });
      const response = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve).end('x'));
      response.resume();
      collected.push(String(response.headers['x-amz-request-id']));
      const names = response.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
      assert.deepEqual(names, [...new Set(names)]);
      if (!fail) assert.deepEqual([response.headers.etag, response.headers['x-amz-version-id']], ['"e"', 'one']);
    }
    assert.deepEqual(collected, ['one', 'one']);
    await Promise.all([gateway.close(), store.close()]);
  });

  it('has its first value where a proxy has joined both', async () => {
    const store = await RawStore.start();
    store.behaviour = (request, response) => {
      request.resume().once('end', () => response.writeHead(200, { 'x-amz-request-id': 'one, two' }).end());
    };
    const gateway = await startGateway({ storeUrl: store.url });
    const { headers } = await send(gateway.url, 'PUT', '/uploads/k', 'x');
    assert.equal(headers['x-amz-request-id'], 'one');
    await Promise.all([gateway.close(), store.close()]);
  });
});
