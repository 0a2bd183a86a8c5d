import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

for (const way of ['auto', 'stream'])
  describe(`disorderly stores, with upload.way ${way}`, () => {
    let store: RawStore;
    let gateway: TestGateway;
    before(async () => {
      store = await RawStore.start();
      gateway = await startGateway({
        storeUrl: store.url,
        upload: { way },
        s3: { answer_timeout_seconds: 1, stall_timeout_seconds: 1 },
      });
    });
    beforeEach(() => {
      store.behaviour = answerWell;
      gateway.log.length = 0;
    });
    after(async () => {
      await gateway.close();
      await store.close();
    });

    it('are not believed when they return success before they have the whole object', async () => {
      store.behaviour = (_, response) => void response.writeHead(200, { etag: '"x"', 'content-length': 0 }).end();
      const client = await RawClient.connect(gateway.url);
      client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n');
      client.write(Buffer.alloc(500_000));
      await client.until(/^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*<\/Error>/);
      client.destroy();
      assert.equal(gateway.log.at(-1)?.error_type, 'store_invalid_answer');
    });

    it('are disconnected when they send without end', async () => {
      store.behaviour = answering(400, `<Error><Code>Talk</Code><Message>${'m'.repeat(900_000)}</Message></Error>`);
      const { status, body } = await send(gateway.url, 'PUT', '/uploads/k', 'x');
      assert.equal(status, 502);
      assert.match(body, /<Code>BadGateway<\/Code><Message>The store reported an error.<\/Message>/);
      const { error_detail } = gateway.log.at(-1)!;
      assert.match(String(error_detail), /^Talk: m+$/);
      assert.equal(String(error_detail).length, 1000);
    });

    it('may not stall in the middle of an object for longer than they may take to respond', async () => {
      store.behaviour = (request) => void request.pause();
      const client = await RawClient.connect(gateway.url);
      client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 30000000\r\n\r\n');
      client.write(Buffer.alloc(30_000_000));
      await client.until(/^HTTP\/1\.1 504 Gateway Timeout\r\n[\s\S]*<\/Error>/);
      client.destroy();
      const { error_type, store_wait_seconds } = gateway.log.at(-1)!;
      assert.equal(error_type, 'store_timeout');
      assert.ok(Number(store_wait_seconds) > 0.9, `${store_wait_seconds} s are said to have been waited for the store`);
    });
  });

describe('credentials that take their time', () => {
  it('cost nothing but time, even if the client disconnects or stalls meanwhile', { timeout: 20_000 }, async (t) => {
    const store = await RawStore.start();
    t.after(() => store.close());
    const waiting: ServerResponse[] = [];
    let next: (() => void) | undefined;
    const metadata = createServer((_, response) => {
      waiting.push(response);
      next?.();
    });
    await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      metadata.closeAllConnections();
      metadata.close();
    });
    const asked = async () => {
      if (waiting.length === 0) await new Promise<void>((resolve) => (next = resolve));
    };
    const give = (expiresIn: number) => {
      const Expiration = new Date(Date.now() + expiresIn).toISOString();
      const document = JSON.stringify({ AccessKeyId: 'a', SecretAccessKey: 'b', Token: 'c', Expiration });
      for (const response of waiting.splice(0)) response.writeHead(200).end(document);
    };
    const starting = startGatewayProcess(
      {
        server: { address: '127.0.0.1:0', body_idle_timeout_seconds: 1, upload_id_secret: 's'.repeat(32) },
        buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store.url } }],
        metrics: { enabled: false },
      },
      [],
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(metadata.address() as AddressInfo).port}/` },
    );
    await Promise.race([asked(), starting]);
    give(-1000); // so that every request fetches its own
    const child = await starting;
    const head = 'PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 100000\r\n\r\nsome';

    const dying = await RawClient.connect(child.url);
    dying.write(head);
    await asked();
    dying.destroy();
    await child.logged(({ error_type }) => error_type === 'client_aborted');
    give(-1000);

    const standing = await RawClient.connect(child.url);
    standing.write(head);
    await asked();
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // the time is the thing: it stands still for too long
    give(600_000);
    await standing.until(/^HTTP\/1\.1 408 /);
    standing.destroy();

    assert.equal((await send(child.url, 'PUT', '/uploads/k', 'x')).status, 200);
    assert.deepEqual(
      store.requests.filter(({ complete }) => complete).map(({ body }) => body.toString()),
      ['x'],
    );
    assert.equal(await child.stop(), 0);
  });
});
