/** The store of the comparison: it refuses one object for the gateway's key, and responds slowly to another. */
import { setTimeout as delay } from 'node:timers/promises';
import { RawStore } from '../../test/support/raw-store.ts';

const SLOW_MILLIS = 1_500;
const REFUSAL = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
const ETAG = { etag: '"5d41402abc4b2a76b9719d911017c592"', 'x-amz-request-id': 'STORE0001' };

export async function startComparedStore(): Promise<RawStore> {
  const store = await RawStore.start();
  store.behaviour = async (request, response) => {
    for await (const _ of request.resume());
    if (request.method !== 'PUT') return void response.writeHead(404, { 'content-type': 'application/xml' }).end();
    if (request.url?.includes('refused')) {
      const headers = { 'content-type': 'application/xml', 'x-amz-request-id': 'STORE0002' };
      return void response.writeHead(403, headers).end(REFUSAL);
    }
    await delay(SLOW_MILLIS);
    response.writeHead(200, ETAG).end();
  };
  return store;
}
