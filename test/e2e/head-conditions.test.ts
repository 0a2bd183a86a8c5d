/** Which headers and parameters of a HEAD reach the store, and which headers of its response come back. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('HEAD of an object at the store', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url, bucket: { head: 'allow' } });
  });
  beforeEach(() => {
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const head = (path: string, headers?: Record<string, string>) => send(gateway.url, 'HEAD', path, undefined, headers);

  it('has the conditions, the range, the part and the checksum mode that the client sent', async () => {
    const sent = {
      'if-match': '"a"',
      'if-none-match': '"b"',
      'if-modified-since': 'Sat, 28 Nov 2026 00:00:00 GMT',
      'if-unmodified-since': 'Sun, 29 Nov 2026 00:00:00 GMT',
      range: 'bytes=0-3',
      'x-amz-checksum-mode': 'ENABLED',
    };
    assert.equal((await head('/uploads/k?partNumber=2', sent)).status, 200);
    const [request] = store.requests;
    assert.equal(request!.target, '/my-bucket/k?partNumber=2');
    for (const [name, value] of Object.entries(sent)) assert.equal(request!.headers[name], value, name);
  });

  it('returns status, length, range and checksums as they are, and no header that only a 200 has', async () => {
    const told = {
      etag: '"e"',
      'content-length': '3',
      'content-range': 'bytes 2-4/9',
      'x-amz-checksum-crc32': 'y/Q5Jg==',
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-mp-parts-count': '2',
    };
    store.behaviour = (_, response) => void response.writeHead(206, { ...told, 'x-amz-id-2': 'a-host' }).end();
    const part = await head('/uploads/k', { range: 'bytes=2-4' });
    assert.equal(part.status, 206);
    for (const [name, value] of Object.entries(told)) assert.equal(part.headers[name], value, name);
    assert.equal(part.headers['x-amz-id-2'], undefined);
    store.behaviour = (_, response) => void response.writeHead(304, { etag: '"e"' }).end();
    const same = await head('/uploads/k', { 'if-none-match': '"e"' });
    assert.deepEqual([same.status, same.headers.etag, same.headers['content-length']], [304, '"e"', undefined]);
  });

  it('is not made for another version, which no policy has checked, nor for anything else', async () => {
    for (const query of ['versionId=1', 'acl', 'partNumber=1&versionId=1', 'partNumber=0', 'partNumber=10001'])
      assert.match(String((await head(`/uploads/k?${query}`)).status), /^40[05]$/, query);
    assert.deepEqual(store.requests, []);
  });

  it('is 403 where the store refuses it, as AWS does for a missing object without s3:ListBucket', async () => {
    store.behaviour = (_, response) => void response.writeHead(403).end();
    assert.equal((await head('/uploads/k')).status, 403);
    const line = gateway.log.at(-1)!;
    assert.deepEqual([line.error_type, line.error_code], ['store_refused_gateway', 'AccessDenied']);
    assert.match(String(line.error_message), /either it is missing, or the gateway may not read it/);
  });

  it('is the only request for which 206 and 304 are a success', async () => {
    for (const status of [206, 304]) {
      store.behaviour = (request, response) => void request.resume().on('end', () => response.writeHead(status).end());
      assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'x')).status, 502, String(status));
    }
  });
});
