/** The memory for parts, shared by honest clients and by clients that hold it or drip: who gets through, and who is refused. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedStore, STORE_KEYS, sha256 } from '../support/embedded-store.ts';
import { BOUNDARY, field } from '../support/forms.ts';
import { type Answer, chunkedHeaders, RawClient, send } from '../support/http-client.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNKED = { 'transfer-encoding': 'chunked' };
const SMALL = { memory_limit: '8MiB', part_size: '5MiB', multipart_threshold: '5MiB' };

interface Scene {
  readonly gateway: TestGateway;
  readonly store: EmbeddedStore;
}

describe('the memory for parts', () => {
  async function sceneWith(t: TestContext, upload: Record<string, unknown>): Promise<Scene> {
    const store = await EmbeddedStore.start();
    const { accessKey: access_key, secretKey: secret_key } = STORE_KEYS;
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key, secret_key };
    const buckets = [
      { name: 'public', s3 },
      { name: 'vip', s3 },
    ];
    const gateway = await startGateway({
      storeUrl: store.url,
      buckets,
      upload,
      server: { shutdown_timeout_seconds: 1 },
    });
    t.after(async () => {
      await gateway.close();
      await store.close();
    });
    return { gateway, store };
  }
  const put = (gateway: TestGateway, path: string, body: Buffer): Promise<Answer> =>
    send(gateway.url, 'PUT', path, body, CHUNKED);
  async function metricOf(gateway: TestGateway, sample: string): Promise<number> {
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    const line = body.split('\n').find((each) => each.startsWith(`${sample} `));
    return Number(line?.slice(sample.length));
  }
  async function until(gateway: TestGateway, sample: string, holds: (value: number) => boolean): Promise<void> {
    while (!holds(await metricOf(gateway, sample))) await delay(20);
  }

  /** Clients that send `burst` bytes and then `drip` bytes every 100 ms, for as long as the test lasts. */
  async function drippers(
    t: TestContext,
    gateway: TestGateway,
    count: number,
    burst: number,
    drip: number,
    head = chunkedHead,
  ) {
    const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(gateway.url)));
    const piece = (bytes: number): Buffer =>
      Buffer.concat([Buffer.from(`${bytes.toString(16)}\r\n`), Buffer.alloc(bytes, 'x'), Buffer.from('\r\n')]);
    const [first, next] = [piece(burst), piece(drip)];
    for (const [i, client] of clients.entries()) {
      client.write(head(i));
      client.write(first);
    }
    const timer = setInterval(() => {
      for (const { socket } of clients) if (socket.writable && socket.writableLength < MIB) socket.write(next);
    }, 100);
    t.after(() => {
      clearInterval(timer);
      for (const client of clients) client.destroy();
    });
    return clients;
  }
  const chunkedHead = (i: number): string =>
    `PUT /public/slow-${i} HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n`;

  for (const count of [9, 50, 500]) {
    it(`is not what small uploads of undeclared length wait for while ${count} clients drip`, async (t) => {
      const { gateway, store } = await sceneWith(t, {});
      const slow = await drippers(t, gateway, count, 600, 60);
      await until(gateway, 'mizuchi_uploads_in_flight', (value) => value >= count);
      const bodies = [Buffer.alloc(0), Buffer.from('hello'), randomBytes(64 * KIB), randomBytes(300 * KIB)];
      const answers = await Promise.all(bodies.map((body, i) => put(gateway, `/vip/small-${i}`, body)));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
      );
      for (const [i, body] of bodies.entries()) assert.equal(await store.sumOf(`small-${i}`), sha256(body));
      assert.equal(await metricOf(gateway, 'mizuchi_part_memory_bytes'), 0, 'those that drip hold nothing');
      assert.equal(slow.filter(({ received }) => received !== '').length, 0, 'nobody waits: nobody is refused');
    });
  }

  for (const count of [9, 50]) {
    it(`goes to small uploads although ${count} clients fill it faster than the fair rate, and want more`, async (t) => {
      const { gateway } = await sceneWith(t, { fair_rate: '1KiB' });
      const slow = await drippers(t, gateway, count, 2 * MIB, 4 * KIB);
      await until(gateway, 'mizuchi_part_memory_bytes', (value) => value >= (count > 9 ? 33 : 9) * MIB);
      const answers: Answer[] = [];
      for (let i = 0; i < 5; i++) {
        answers.push(await put(gateway, `/vip/tiny-${i}`, Buffer.from('hello')));
        answers.push(await put(gateway, `/vip/small-${i}`, randomBytes(60 * KIB)));
        answers.push(await put(gateway, `/vip/larger-${i}`, randomBytes(120 * KIB)));
      }
      assert.deepEqual(
        answers.filter(({ status }) => status !== 200),
        [],
      );
      assert.ok(!slow.some(({ received }) => received.includes('below_fair_rate')));
      assert.equal(await metricOf(gateway, 'mizuchi_part_memory_refusals_total{reason="below_fair_rate"}'), 0);
    });
  }

  // These wait for clocks of seconds, each with a gateway and a store of its own: they wait together.
  describe('that slow clients hold', { concurrency: true }, () => {
    for (const [what, head] of [
      ['objects', chunkedHead],
      ['objects of declared length', declaredHead],
      ['aws-chunked objects', awsChunkedHead],
      ['files of forms', formHead],
    ] as const) {
      it(`comes back from clients that hold it and drip while others wait: ${what}`, async (t) => {
        const { gateway, store } = await sceneWith(t, { ...SMALL, memory_wait_seconds: 20 });
        const slow = await drippers(t, gateway, 9, 2 * MIB, 60, head);
        const reserved = 5 * MIB - 64 * KIB;
        await until(gateway, 'mizuchi_part_memory_bytes', (value) => value >= reserved);
        const object = randomBytes(7 * MIB);
        const answers = await Promise.all(['a', 'b', 'c'].map((key) => put(gateway, `/vip/${key}`, object)));
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200, 200, 200],
        );
        assert.equal(await store.sumOf('b'), sha256(object));
        const refused = slow.filter(({ received }) => received !== '');
        for (const client of refused) await client.until(/^HTTP\/1\.1 503 [\s\S]*<Code>SlowDown<[\s\S]*<\/Error>/);
        const lines = gateway.log.filter(({ error_reason }) => error_reason === 'below_fair_rate');
        assert.ok(lines.length > 0);
        for (const { error_type, bucket } of lines) assert.deepEqual([error_type, bucket], ['overloaded', 'public']);
        assert.equal(
          await metricOf(gateway, 'mizuchi_part_memory_refusals_total{reason="below_fair_rate"}'),
          lines.length,
        );
        for (const client of slow) client.destroy();
        await until(gateway, 'mizuchi_uploads_in_flight', (value) => value === 0);
        assert.equal(await metricOf(gateway, 'mizuchi_part_memory_bytes'), 0);
        assert.deepEqual(await store.openUploads(), [], 'no parts are left behind');
      });
    }

    it('stays with slow clients where fair_rate is 0: who waits is refused', async (t) => {
      const { gateway } = await sceneWith(t, { ...SMALL, memory_wait_seconds: 4, fair_rate: 0 });
      const [slow] = await drippers(t, gateway, 1, 2 * MIB, 60);
      await until(gateway, 'mizuchi_part_memory_bytes', (value) => value >= 4 * MIB);
      const answer = await put(gateway, '/vip/k', randomBytes(12 * MIB));
      assert.equal(answer.status, 503);
      assert.equal(slow!.received, '');
      assert.equal(gateway.log.at(-1)!.error_reason, 'no_part_memory');
    });

    it('is reclaimed from a slow upload with stored parts, and none is left behind', async (t) => {
      const { gateway, store } = await sceneWith(t, { ...SMALL, memory_wait_seconds: 20 });
      const [slow] = await drippers(t, gateway, 1, 8 * MIB, 60);
      await until(gateway, 'mizuchi_part_memory_bytes', (value) => value === 5 * MIB);
      const object = randomBytes(7 * MIB);
      assert.equal((await put(gateway, '/vip/k', object)).status, 200);
      await slow!.until(/^HTTP\/1\.1 503 [\s\S]*<Code>SlowDown<[\s\S]*<\/Error>/);
      assert.equal(gateway.log.filter(({ error_reason }) => error_reason === 'below_fair_rate').length, 1);
      assert.deepEqual(await store.openUploads(), []);
    });
  });

  it('is enough, as little as it may be, for many uploads that are all split at once', async (t) => {
    const { gateway, store } = await sceneWith(t, { ...SMALL, part_size: '16MiB' });
    const bodies = Array.from({ length: 30 }, (_, i) => Buffer.alloc(5_500_000 + (i % 5) * 400_000 + i, i));
    const answers = await Promise.all(
      bodies.map((body, i) =>
        send(gateway.url, 'PUT', `/${i % 2 ? 'vip' : 'public'}/storm-${i}`, body, i % 3 ? CHUNKED : {}),
      ),
    );
    assert.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    );
    for (const [i, body] of bodies.entries()) assert.equal(await store.sumOf(`storm-${i}`), sha256(body), String(i));
    assert.equal(await metricOf(gateway, 'mizuchi_part_memory_bytes'), 0);
  });
});

/** A pump reads it. */
function declaredHead(i: number): string {
  return `PUT /public/slow-${i} HTTP/1.1\r\nHost: g\r\nContent-Length: 100000000\r\n\r\n`;
}

function awsChunkedHead(i: number): string {
  const { 'x-amz-decoded-content-length': _, ...headers } = chunkedHeaders(0);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `PUT /public/slow-${i} HTTP/1.1\r\nHost: g\r\nContent-Length: 100000000\r\n${lines.join('')}\r\n`;
}

function formHead(i: number): string {
  const disposition = 'Content-Disposition: form-data; name="file"; filename="a"';
  const begin = `${field('key', `slow-${i}`)}--${BOUNDARY}\r\n${disposition}\r\n\r\n`;
  const type = `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: 100000000\r\n`;
  return `POST /public HTTP/1.1\r\nHost: g\r\n${type}\r\n${begin}`;
}
