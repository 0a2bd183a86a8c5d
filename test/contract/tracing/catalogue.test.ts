/**
 * The catalogue holds nothing that does not exist: a running gateway is made to open every span and to set every attribute
 * in it. (That nothing arrives which is not in the catalogue is asserted wherever traces are tested end to end.)
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SPANS } from '../../../src/tracing/catalogue.ts';
import { RawClient, send } from '../../support/http-client.ts';
import { IdentityProvider } from '../../support/identity-provider.ts';
import { COMPLETED, CREATED } from '../../support/multipart.ts';
import { type OtlpReceiver, receiveHttp } from '../../support/otlp-receiver.ts';
import { answering, answerWell, type Behaviour, RawStore } from '../../support/raw-store.ts';
import { sealedId } from '../../support/sealed-id.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../../support/start-gateway.ts';

const IDS = { 'x-amz-request-id': 'STORE0001', 'x-amz-id-2': 'extended' };
const answer = (document: string): Behaviour => answering(200, document, IDS);
const UPLOAD_ID = sealedId('k', 'store-upload-1', { createdAt: Date.UTC(2030, 0) });
const COMPLETE =
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>5d41402abc4b2a76b9719d911017c592</ETag></Part></CompleteMultipartUpload>';

/** Method, target, body, and how the store behaves. */
const REQUESTS: readonly (readonly [method: string, target: string, body: string | undefined, store: Behaviour])[] = [
  ['PUT', '/uploads/k?x-id=PutObject', 'hello', answerWell],
  [
    'POST',
    '/uploads/k?uploads',
    '',
    answer('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'),
  ],
  ['PUT', `/uploads/k?partNumber=1&uploadId=${UPLOAD_ID}`, 'hello', answerWell],
  ['GET', `/uploads/k?uploadId=${UPLOAD_ID}`, undefined, answer('<ListPartsResult/>')],
  ['POST', `/uploads/k?uploadId=${UPLOAD_ID}`, COMPLETE, answer('<CompleteMultipartUploadResult/>')],
  ['DELETE', `/uploads/k?uploadId=${UPLOAD_ID}`, undefined, answer('')],
  ['PROPFIND', '/uploads/k', undefined, answerWell],
];
/** An answer from the store that every operation takes for a failure. */
const failing = answering(500, '<Error><Code>InternalError</Code><Message>no</Message></Error>', IDS);
/** The first request on a kept connection is cut off, the next is answered: the gateway sends it again. */
function cutOnce(): Behaviour {
  let cut = false;
  return (request, response, record) => {
    if (cut) return answerWell(request, response, record);
    cut = true;
    request.socket.resetAndDestroy();
    return undefined;
  };
}

/** The first part of a split upload fails, and is sent again. */
function failingOnce(): Behaviour {
  let failed = false;
  return (request, response, record) => {
    if (request.method === 'POST')
      return answer(request.url!.includes('uploads') ? CREATED : COMPLETED)(request, response, record);
    if (failed) return answerWell(request, response, record);
    failed = true;
    return failing(request, response, record);
  };
}

/** A server that is OPA and OpenFGA in one, and allows everything, unless the path is one that is broken. */
async function startEngine(isBroken: (path: string) => boolean): Promise<Server> {
  const engine = createServer((request, response) => {
    request.resume();
    const { url = '' } = request;
    response.statusCode = isBroken(url) ? 500 : 200;
    response.setHeader('content-type', 'application/json');
    // The second of two engines takes longer than the first, so that it has several to answer.
    setTimeout(() => response.end('{"result":true,"allowed":true}'), url.startsWith('/stores') ? 20 : 1);
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  return engine;
}

/** The answer to a completion is lost, the upload has gone, and the object is there, or cannot be asked for. */
const losing =
  (head: number): Behaviour =>
  (request, response, record) => {
    if (request.method === 'POST') return void request.socket.resetAndDestroy();
    if (request.method === 'HEAD') return void response.writeHead(head, { ...IDS, etag: '"x-1"' }).end();
    const document = '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>';
    return answering(404, document, IDS)(request, response, record);
  };

describe('the catalogue of spans', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let provider: IdentityProvider;
  let engine: Server;
  let broken = 'none';
  const gateways: TestGateway[] = [];

  const start = async (options: Omit<GatewayOptions, 'storeUrl'>): Promise<TestGateway> => {
    const gateway = await startGateway({
      ...options,
      storeUrl: store.url,
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        semantic_conventions: 'dup',
        ...options.tracing,
      },
    });
    gateways.push(gateway);
    return gateway;
  };

  /** Every operation: done, refused by the store, and sent again by the gateway. */
  const upload = async (): Promise<void> => {
    const gateway = await start({});
    const headers = { 'user-agent': 'catalogue-test' };
    for (const [method, target, body, behaviour] of REQUESTS) {
      for (const storeDoes of [behaviour, failing]) {
        store.behaviour = storeDoes;
        await send(gateway.url, method, target, body, headers);
      }
    }
    store.behaviour = answerWell;
    await send(gateway.url, 'PUT', '/uploads/k', 'hello', { ...headers, expect: '100-continue' });
    for (const [method, target, body] of REQUESTS) {
      store.behaviour = cutOnce();
      if (body === undefined) await send(gateway.url, method, target, body, headers);
    }
    for (const head of [200, 500]) {
      store.behaviour = losing(head);
      await send(gateway.url, 'POST', `/uploads/k?uploadId=${UPLOAD_ID}`, COMPLETE, headers);
    }
    store.behaviour = answerWell;
  };

  /** Callers who are known and judged: allowed, unknown, and asked for at an engine that is broken. */
  const judge = async (subject: 'hash' | 'plain'): Promise<void> => {
    const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    const gateway = await start({
      auth: { jwt: { algorithms: ['RS256'], jwks_url: provider.jwksUrl, issuer: provider.issuer } },
      authz: { opa: { url, policy_path: 'a/allow' }, openfga: { url, store_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' } },
      tracing: { subject },
    });
    const put = async (token: string): Promise<number> =>
      (await send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization: `Bearer ${token}` })).status;
    const token = await provider.token();
    assert.deepEqual([await put(token), await put('a.b.c')], [200, 401]);
    // The last of them is OPA's, and opens its breaker: it takes five in a row.
    for (broken of ['/stores', ...Array(6).fill('/v1/data')]) assert.equal(await put(token), 503);
    broken = 'none';
  };

  /** Requests that wait: for the one before them on their connection, for their turn at each engine, for a connection to the store, for memory. */
  const crowd = async (): Promise<void> => {
    const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    const more = { url, max_concurrent: 1 };
    const gateway = await start({
      auth: { jwt: { algorithms: ['RS256'], jwks_url: provider.jwksUrl, issuer: provider.issuer } },
      authz: { opa: { ...more, policy_path: 'a/allow' }, openfga: { ...more, store_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' } },
    });
    const authorization = `Bearer ${await provider.token()}`;
    const keys = Array.from({ length: 10 }, (_, i) => `/uploads/k${i}`);
    await Promise.all(keys.map((key) => send(gateway.url, 'PUT', key, 'hello', { authorization })));
    const narrow = await start({ s3: { max_connections: 1 } });
    await Promise.all(keys.map((key) => send(narrow.url, 'PUT', key, 'hello')));
    const client = await RawClient.connect(narrow.url);
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello'.repeat(2));
    await client.until(/200 OK[\s\S]*200 OK/);
    client.destroy();
    const leaving = await RawClient.connect(narrow.url);
    const arrived = store.next();
    leaving.write('PUT /upl');
    await delay(20);
    leaving.write(`oads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`);
    await arrived;
    leaving.destroy();
    const upload = { multipart_threshold: '5MiB', part_size: '5MiB', memory_limit: '8MiB' };
    const short = await start({ upload });
    const part = Buffer.alloc(5 * 1024 * 1024);
    await Promise.all(
      keys.slice(0, 4).map((key) => send(short.url, 'PUT', key, part, { 'transfer-encoding': 'chunked' })),
    );
  };

  /** Root causes: no store, no identity provider, no engine that speaks TLS; and a client that leaves. */
  const fail = async (): Promise<void> => {
    const nowhere = store.url.replace('http://127.0.0.1', 'https://localhost');
    const noStore = await start({ s3: { endpoint: nowhere }, bucket: { head: 'allow' } });
    await send(noStore.url, 'HEAD', '/uploads/k');
    for (const [method, target, body] of REQUESTS) await send(noStore.url, method, target, body);
    const authorization = `Bearer ${await provider.token()}`;
    const noProvider = await start({ auth: { jwt: { algorithms: ['RS256'], jwks_url: nowhere } } });
    await send(noProvider.url, 'PUT', '/uploads/k', 'hello', { authorization });
    const opa = { url: nowhere, policy_path: 'a/allow' };
    const openfga = { url: nowhere, store_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
    const auth = { jwt: { algorithms: ['RS256'], jwks_url: provider.jwksUrl, issuer: provider.issuer } };
    for (const authz of [{ opa }, { openfga }]) {
      const noEngine = await start({ auth, authz });
      await send(noEngine.url, 'PUT', '/uploads/k', 'hello', { authorization });
    }
    const split = await start({ upload: { multipart_threshold: '5MiB', part_size: '5MiB' } });
    store.behaviour = failingOnce();
    await send(split.url, 'PUT', '/uploads/k', Buffer.alloc(6 * 1024 * 1024));
    store.behaviour = answerWell;
    const gateway = await start({});
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n');
    client.write(Buffer.alloc(300_000));
    await arrived;
    client.destroy();
  };

  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    provider = await IdentityProvider.start();
    engine = await startEngine((path) => path.startsWith(broken));
    await upload();
    await judge('hash');
    await judge('plain');
    await crowd();
    await fail();
    await Promise.all(gateways.map((gateway) => gateway.close()));
  });

  after(async () => {
    engine.close();
    await Promise.all([...gateways.map((gateway) => gateway.close()), provider.close(), store.close()]);
    await collector.close();
  });

  for (const [name, { attributes, kind, events = {} }] of Object.entries(SPANS)) {
    it(`has ${name} as it arrives, with all its attributes`, () => {
      const spans = collector.spans().filter((span) => span.name === name);
      assert.ok(spans.length > 0, 'no such span');
      const kinds = { internal: 1, server: 2, client: 3 } as const;
      assert.ok(spans.every((span) => span.kind === kinds[kind]));
      const arrived = new Set(spans.flatMap((span) => Object.keys(span.attributes)));
      const expected = Object.entries(attributes).filter(([attribute]) => mayBeOn(name, attribute));
      const missing = expected.filter(([attribute]) => !arrived.has(attribute)).map(([attribute]) => attribute);
      assert.deepEqual(missing, []);
      const older = expected.flatMap(([, { legacy }]) => legacy ?? []).filter((attribute) => !arrived.has(attribute));
      assert.deepEqual(older, []);
      const happened = new Set(spans.flatMap((span) => span.events.map((event) => event.name)));
      const bodiless = ['create_multipart_upload', 'abort_multipart_upload', 'list_parts', 'head_object'];
      const moments = Object.keys(events).filter(
        (event) => event !== 's3.first_byte_sent' || !bodiless.includes(name.slice('aws.s3.'.length)),
      );
      assert.deepEqual([...happened].toSorted(), moments.toSorted());
    });
  }
});

/** The spans of the store share one table, and not every operation has all of it. */
function mayBeOn(span: string, attribute: string): boolean {
  if (!span.startsWith('aws.s3.')) return true;
  if (attribute === 'aws.s3.part_number') return span === 'aws.s3.upload_part';
  if (attribute === 'aws.s3.upload_id')
    return !['aws.s3.put_object', 'aws.s3.create_multipart_upload', 'aws.s3.head_object'].includes(span);
  if (attribute === 'http.request.body.size')
    return !['aws.s3.abort_multipart_upload', 'aws.s3.list_parts', 'aws.s3.head_object'].includes(span);
  if (attribute === 's3.queue_seconds' || attribute === 's3.cancellation_reason') return span === 'aws.s3.put_object';
  if (attribute === 's3.retry_wait_seconds') return span === 'aws.s3.upload_part';
  if (attribute === 'http.request.resend_count') return span === 'aws.s3.list_parts';
  return true;
}
