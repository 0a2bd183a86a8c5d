import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, beforeEach, describe, it } from 'node:test';
import { chunksOf, type Seed, seedOf, signedFrames } from '../support/chunk-signer.ts';
import {
  ACCESS_KEY,
  AUTH,
  type ChunkUpload,
  sendChunks,
  signedHead,
  TRAILER_NAME,
  trailerOf,
} from '../support/chunk-uploads.ts';
import { STORE_KEYS } from '../support/embedded-store.ts';
import { type Answer, awsChunked, RawClient } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('signed chunks through the gateway', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url, auth: AUTH });
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const upload = (kind: ChunkUpload, wire: (seed: Seed) => readonly Buffer[]): Promise<Answer> =>
    sendChunks(gateway.url, kind, wire);
  /** Sends the head and all frames but the last. */
  const sendAllButEnd = async (body: Buffer): Promise<{ client: RawClient; end: Buffer }> => {
    const [{ target, headers }, seed] = await signedHead(gateway.url, { length: body.length });
    const frames = signedFrames(seed, chunksOf(body));
    const lines = Object.entries({ ...headers, 'content-length': String(Buffer.concat(frames).length) });
    const client = await RawClient.connect(gateway.url);
    client.write(`PUT ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    client.write(Buffer.concat(frames.slice(0, -1)));
    return { client, end: frames.at(-1)! };
  };

  for (const size of [0, 1, 20_000, 65_537, 1_000_000]) {
    it(`passes ${size} bytes on under its own signature`, async () => {
      const body = randomBytes(size);
      const answer = await upload({ length: size }, (seed) => signedFrames(seed, chunksOf(body)));
      assert.equal(answer.status, 200, answer.body);
      const request = store.requests[0]!;
      const hash = request.headers['x-amz-content-sha256'];
      if (size <= 65_536) {
        assert.ok(request.body.equals(body));
        assert.equal(hash, createHash('sha256').update(body).digest('hex'));
        assert.equal(request.headers['content-encoding'], undefined);
        assert.equal(request.headers['x-amz-decoded-content-length'], undefined);
      } else {
        const headers = request.headers as Record<string, string>;
        const frames = signedFrames(seedOf(headers, STORE_KEYS.secretKey), chunksOf(body));
        assert.ok(request.body.equals(Buffer.concat(frames)));
        assert.equal(hash, 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
        assert.equal(headers['content-encoding'], 'aws-chunked');
        assert.equal(headers['x-amz-decoded-content-length'], String(size));
      }
      assert.equal(request.headers['content-length'], String(request.body.length));
      assert.equal(request.headers['x-amz-trailer'], undefined);
      assert.ok(!JSON.stringify(request.rawHeaders).includes(ACCESS_KEY));
    });

    it(`passes ${size} bytes on, and the checksum of their signed trailer`, async () => {
      const body = randomBytes(size);
      const trailer = trailerOf(body);
      const answer = await upload({ length: size, trailer: true }, (seed) =>
        signedFrames(seed, chunksOf(body), trailer),
      );
      assert.equal(answer.status, 200, answer.body);
      const request = store.requests[0]!;
      if (size <= 65_536) {
        assert.ok(request.body.equals(body));
        assert.equal(`${TRAILER_NAME}:${request.headers[TRAILER_NAME]}`, trailer);
      } else {
        assert.equal(request.headers['x-amz-content-sha256'], 'STREAMING-UNSIGNED-PAYLOAD-TRAILER');
        assert.ok(request.body.equals(awsChunked(body, trailer, 1024 * 1024)));
      }
    });
  }

  it('keeps the other codings of the object, and needs no word of aws-chunked', async () => {
    for (const [sent, kept] of [
      ['gzip,aws-chunked', 'gzip'],
      ['aws-chunked', undefined],
      ['aws-chunked,', undefined],
      [',aws-chunked', undefined],
      ['aws-chunked, ,gzip', 'gzip'],
      [',', undefined],
      ['gzip', 'gzip'],
    ] as const) {
      const kind = { length: 5, headers: { 'content-encoding': sent } };
      assert.equal((await upload(kind, (seed) => signedFrames(seed, [Buffer.from('hello')]))).status, 200);
      assert.equal(store.requests.at(-1)?.headers['content-encoding'], kept);
    }
  });

  for (const outcome of ['right', 'wrong'] as const) {
    it(`keeps the last piece from the store until the last signature has come, and it is ${outcome}`, async (t) => {
      let stored = 0;
      store.behaviour = (request, response, record) => {
        request.on('data', (bytes: Buffer) => void (stored += bytes.length));
        return answerWell(request, response, record);
      };
      const body = randomBytes(1_000_000);
      const arrived = store.next();
      const { client, end } = await sendAllButEnd(body);
      t.after(() => client.destroy());
      const request = await arrived;
      // Everything but one piece as the socket gave it, and one chunk that is being filled, 64 KiB at most each.
      while (stored < body.length - 2 * 65_536) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(request.complete, false, 'the store has all of it');
      client.write(outcome === 'right' ? end : Buffer.from(end.toString().replace(/=.{8}/, '=00000000')));
      await client.until(outcome === 'right' ? /^HTTP\/1\.1 200 OK/ : /^HTTP\/1\.1 403 [\s\S]*SignatureDoesNotMatch/);
      await request.over;
      assert.equal(request.complete, outcome === 'right');
    });
  }

  it('resets the request at the store when the client dies before the last signature', async () => {
    const arrived = store.next();
    const { client } = await sendAllButEnd(randomBytes(400_000));
    const request = await arrived;
    const closed = once(client.socket, 'close');
    client.destroy();
    await closed;
    await request.over;
    assert.equal(request.complete, false);
  });

  it('serves a client that signs its chunks without authentication, with any key', async (t) => {
    const open = await startGateway({ storeUrl: store.url });
    t.after(() => open.close());
    const answer = await sendChunks(open.url, { length: 5 }, (seed) =>
      signedFrames({ ...seed, secretKey: 'another' }, [Buffer.from('hello')]),
    );
    assert.equal(answer.status, 200, answer.body);
    assert.equal(store.requests[0]!.body.toString(), 'hello');
  });

  it('counts bytes of undeclared length', async () => {
    const answer = await upload({ length: undefined }, (seed) => signedFrames(seed, [Buffer.from('hello')]));
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(
      store.requests.map(({ headers, body }) => [headers['content-length'], body.toString()]),
      [['5', 'hello']],
    );
  });
});
