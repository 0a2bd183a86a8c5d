/** CreateMultipartUpload of a client that leaves before the response: no client knows the upload id, so the gateway aborts the upload. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { RawClient } from '../support/http-client.ts';
import { CREATED } from '../support/multipart.ts';
import { RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { type LogLine, startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('a client that leaves while its multipart upload is created', () => {
  let store: RawStore;
  let gateway: TestGateway;
  let creation = Promise.withResolvers<ServerResponse>();

  before(async () => {
    store = await RawStore.start();
    store.behaviour = (request, response) => {
      request.resume();
      request.once('end', () => {
        if (request.method === 'POST') creation.resolve(response);
        else response.writeHead(204).end();
      });
    };
    gateway = await startGateway({ storeUrl: store.url });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  /** Resolves when the gateway has noticed: it counts one connection less. */
  async function leave(client: RawClient): Promise<void> {
    const metrics = `http://127.0.0.1:${gateway.app.metricsPort}/metrics`;
    client.socket.resetAndDestroy();
    while ((await readMetrics(metrics))('mizuchi_connections') > 0) await new Promise(setImmediate);
  }

  async function lineOf(target: string): Promise<LogLine> {
    const find = () => gateway.log.find(({ path }) => path === target);
    while (find() === undefined) await new Promise(setImmediate);
    return find()!;
  }

  async function begin(key: string) {
    creation = Promise.withResolvers();
    const client = await RawClient.connect(gateway.url);
    client.write(`POST /uploads/${key}?uploads HTTP/1.1\r\nhost: g\r\ncontent-length: 0\r\n\r\n`);
    return { client, response: await creation.promise };
  }

  it('leaves no upload at the store', async () => {
    const { client, response } = await begin('unheard');
    await leave(client);
    const next = store.next();
    response.end(CREATED);
    const abortion = await next;
    assert.equal(abortion.method, 'DELETE');
    assert.match(abortion.target, /^\/my-bucket\/unheard\?uploadId=/);
    const line = await lineOf('/uploads/unheard');
    assert.equal(line.error_type, 'client_aborted');
  });

  it('is not followed by an abortion where the store created nothing', async () => {
    const { client, response } = await begin('refused');
    await leave(client);
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
    const line = await lineOf('/uploads/refused');
    assert.equal(line.error_type, 'store_refused_gateway');
    assert.ok(!store.requests.some(({ method, target }) => method === 'DELETE' && target.includes('/refused')));
  });

  it('is followed by none where the client stays', async () => {
    const { client, response } = await begin('heard');
    response.end(CREATED);
    assert.match((await client.until(/<UploadId>[^<]+</))[0], /./);
    client.destroy();
    assert.ok(!store.requests.some(({ method, target }) => method === 'DELETE' && target.includes('/heard')));
  });
});
