/** More uploads at once than the gateway may serve: the one too many is told to come back, and costs nothing. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { RawClient, send } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const LIMIT = 2;

describe('a gateway that serves as many uploads as it may', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url, upload: { concurrent_uploads: LIMIT } });
  });
  beforeEach(() => {
    store.requests.length = 0;
    store.behaviour = answerWell;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const put = (address?: string): ReturnType<typeof send> =>
    send(gateway.url, 'PUT', '/uploads/k', 'hello', {}, address);
  /** Uploads of as many clients that the store holds until the gate opens. @returns their answers. */
  async function hold(count: number, gate: Promise<void>): Promise<ReturnType<typeof send>[]> {
    store.behaviour = async (request, response, record) => {
      await gate;
      await answerWell(request, response, record);
    };
    const held: ReturnType<typeof send>[] = [];
    for (let i = 0; i < count; i++) {
      const arrived = store.next();
      held.push(put(`127.0.0.${i + 1}`));
      await arrived;
    }
    return held;
  }

  it('refuses one more with Retry-After, before it sends a byte, and accepts it afterwards', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const held = await hold(LIMIT, gate);
    const waiting = await RawClient.connect(gateway.url);
    waiting.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n');
    await waiting.until(/<\/Error>/);
    assert.match(waiting.received, /^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: \d+\r\n[\s\S]*<Code>SlowDown<\/Code>/i);
    waiting.destroy();
    assert.equal((await put()).status, 503);
    assert.equal(store.requests.length, LIMIT);
    open();
    for (const answer of held) assert.equal((await answer).status, 200);
    assert.equal((await put()).status, 200);
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    assert.match(body, /^mizuchi_limit\{setting="upload.concurrent_uploads"\} 2$/m);
    assert.match(body, /^mizuchi_uploads_total\{bucket="uploads",operation="PutObject",result="overloaded"\} 2$/m);
  });

  it('lets the AWS SDK recover by itself', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const held = await hold(LIMIT, gate);
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
    const options = { endpoint: gateway.url, region: 'us-east-1', forcePathStyle: true, credentials };
    const client = new S3Client({ ...options, maxAttempts: 5 });
    try {
      let refusals = 0;
      client.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          const { statusCode } = result.response as { statusCode: number };
          if (statusCode === 503 && ++refusals === 1) open();
          return result;
        },
        { step: 'deserialize', priority: 'low' },
      );
      await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'k', Body: 'hello' }));
      assert.ok(refusals >= 1);
      for (const answer of held) assert.equal((await answer).status, 200);
    } finally {
      open();
      client.destroy();
    }
  });

  it('frees the slot of uploads that fail or are aborted', async () => {
    store.behaviour = (_, response) => void response.socket?.destroy();
    for (let i = 0; i < LIMIT + 1; i++) assert.equal((await put()).status, 502);
    for (let i = 0; i < LIMIT + 1; i++) {
      const arrived = store.next();
      store.behaviour = (request) => void request.resume();
      const client = await RawClient.connect(gateway.url);
      client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\nsome bytes');
      client.write(Buffer.alloc(100_000));
      const record = await arrived;
      client.destroy();
      await record.over;
    }
    store.behaviour = answerWell;
    assert.equal((await put()).status, 200);
  });
});
