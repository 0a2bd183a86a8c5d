import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import { SELF_SIGNED_CERTIFICATE } from '../support/self-signed.ts';
import { startGateway } from '../support/start-gateway.ts';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../support/test-authority.ts';

describe('a store with a certificate of a private authority', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mizuchi-authorities-'));
  let stored = 0;
  const store = createServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY }, (request, response) => {
    request.resume().once('end', () => {
      stored++;
      response.writeHead(200, { etag: '"e"', 'content-length': 0 }).end();
    });
  });
  let storeUrl: string;
  before(async () => {
    writeFileSync(join(directory, 'ca.pem'), AUTHORITY);
    writeFileSync(join(directory, 'other.pem'), SELF_SIGNED_CERTIFICATE);
    writeFileSync(join(directory, 'empty.pem'), 'nothing\n');
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
    storeUrl = `https://127.0.0.1:${(store.address() as AddressInfo).port}`;
  });
  after(() => {
    store.close();
    store.closeAllConnections();
    rmSync(directory, { recursive: true });
  });

  const cases: [what: string, s3: Record<string, unknown>, status: number][] = [
    ['is trusted with s3.ca_file', { ca_file: 'ca.pem' }, 200],
    ['is not trusted by itself', {}, 503],
    ['is not trusted by another authority', { ca_file: 'other.pem' }, 503],
  ];
  for (const [what, s3, status] of cases) {
    it(what, async (test) => {
      const gateway = await startGateway({ storeUrl, directory, s3 });
      test.after(() => gateway.close());
      const before = stored;
      const answer = await send(gateway.url, 'PUT', '/uploads/k', 'hello');
      assert.equal(answer.status, status, answer.body);
      assert.equal(stored - before, status === 200 ? 1 : 0);
    });
  }

  it('must have one in the file', async () => {
    const start = startGateway({ storeUrl, directory, s3: { ca_file: 'empty.pem' } });
    await assert.rejects(start, /bucket uploads: s3\.ca_file .*empty\.pem/);
  });
});
