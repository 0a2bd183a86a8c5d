/** The API of the live view, as a running gateway serves it: its documents match the published schema, and show what goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { HealthDocument, RecentRequest, TracesDocument, UploadsDocument } from '../../src/view/documents.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { viewSchema } from '../support/view-schema.ts';

const KEY = 'folder/secret-name.bin';
const EMPTY_TRACE = '0'.repeat(32);

for (const workers of [0, 2])
  describe(`the API of the live view with ${workers} workers`, () => {
    const schema = viewSchema();
    let store: RawStore;
    let gateway: GatewayProcess;
    let admin: string;
    let client: RawClient;
    before(async () => {
      store = await RawStore.start();
      const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
      gateway = await startGatewayProcess({
        server: { address: '127.0.0.1:0', ...(workers > 0 && { workers }) },
        buckets: [{ name: 'uploads', s3 }],
        admin: { port: 0, view: true },
        tracing: { enabled: true, otlp: { endpoint: 'http://127.0.0.1:1' } },
      });
      admin = new URL(gateway.metricsUrl).origin;
      client = await RawClient.connect(gateway.url);
      client.write(
        `PUT /uploads/${KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n${'a'.repeat(40_000)}`,
      );
      assert.equal((await send(gateway.url, 'PUT', `/uploads/${KEY}`, 'hello')).status, 200);
      assert.equal((await send(gateway.url, 'PUT', `/unknown/${KEY}`, 'hello')).status, 404);
    });
    after(async () => {
      client.socket.destroy();
      await gateway.stop();
      await store.close();
    });

    async function read<Document>(path: string, definition: string): Promise<Document> {
      const { status, body } = await send(admin, 'GET', path);
      assert.equal(status, 200, body);
      const document = JSON.parse(body);
      schema.assert(definition, document);
      assert.doesNotMatch(body, /mizuchi-secret|secret-name/);
      return document;
    }

    async function until<Document>(read: () => Promise<Document>, isDone: (document: Document) => boolean) {
      for (const end = Date.now() + 15_000; ; await new Promise((wake) => setTimeout(wake, 100))) {
        const document = await read();
        if (isDone(document)) return document;
        assert.ok(Date.now() < end, JSON.stringify(document));
      }
    }

    it('shows an upload whose client has stopped sending', async () => {
      const { uploads } = await until(
        () => read<UploadsDocument>('/api/uploads', 'UploadsDocument'),
        (document) => document.uploads[0]?.waiting_for === 'client',
      );
      const { bucket, key, operation, size_bytes, received_bytes, deadline } = uploads[0]!;
      assert.deepEqual([bucket, operation, size_bytes, received_bytes], ['uploads', 'PutObject', 100_000, 40_000]);
      assert.match(key!, /^#[0-9a-f]{16}$/);
      assert.equal(deadline?.setting, 'server.body_idle_timeout_seconds');
    });

    it('shows requests that have ended, with their spans', async () => {
      const { requests } = await until(
        () => read<TracesDocument>('/api/traces', 'TracesDocument'),
        (document) => document.requests.length === 2,
      );
      const stored = requests.find(({ status }) => status === 200) as RecentRequest;
      const refused = requests.find(({ status }) => status === 404) as RecentRequest;
      assert.deepEqual([stored.outcome, stored.side, stored.bytes], ['stored', null, 5]);
      assert.equal(refused.side, 'client');
      const { status, body } = await send(admin, 'GET', `/api/traces/${stored.trace_id}`);
      assert.equal(status, 200);
      assert.ok(JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length > 0);
      assert.equal((await send(admin, 'GET', `/api/traces/${EMPTY_TRACE}`)).status, 404);
    });

    it('shows the health of the gateway, and its configuration', async () => {
      const { services, failures } = await read<HealthDocument>('/api/health', 'HealthDocument');
      assert.deepEqual(
        services.filter(({ kind }) => kind === 'store').map(({ name, state }) => [name, state]),
        [['uploads', 'ok']],
      );
      assert.equal(failures.length, 1);
      await read('/api/config', 'ConfigDocument');
      await read('/api/view', 'ViewDocument');
    });

    it('sends the same documents as events', async () => {
      const stop = new AbortController();
      const { body } = await fetch(`${admin}/api/events`, { signal: stop.signal });
      const found = new Map<string, unknown>();
      let rest = '';
      for await (const bytes of body!) {
        rest += Buffer.from(bytes).toString();
        for (const [, name, data] of rest.matchAll(/event: (\w+)\ndata: (.*)\n\n/g))
          found.set(name!, JSON.parse(data!));
        if (found.size === 3) break;
      }
      stop.abort();
      schema.assert('UploadsDocument', found.get('uploads'));
      schema.assert('TracesDocument', found.get('traces'));
      schema.assert('HealthDocument', found.get('health'));
    });
  });
