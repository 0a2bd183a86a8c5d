/**
 * The fault list against real processes: the gateway as its users run it, MinIO and versitygw, and between them the proxy that
 * users rehearse with. A 2xx is the whole object, everything else none, and no parts are left behind.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import type { FaultRule } from '../../src/config/faults.ts';
import { parseFaults } from '../../src/config/parse-config.ts';
import { type FaultProxy, startFaultProxy } from '../../src/rehearsal/faults/fault-proxy.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import { clientOf, STARTS } from './support/each-store.ts';
import { BUCKET, STORE_BUCKET, startGatewayInFront } from './support/gateway-in-front.ts';
import type { RealStore } from './support/real-stores.ts';
import { StoredObjects, sha256 } from './support/stored-objects.ts';

const MIB = 1024 * 1024;
const OBJECTS = { small: randomBytes(10_000), streamed: randomBytes(2 * MIB), split: randomBytes(60 * MIB) } as const;
type Kind = keyof typeof OBJECTS;

const once = { times: 1 };
const part = { operation: 'UploadPart' };
const completion = { operation: 'CompleteMultipartUpload' };
/** What happens, to what, and what the client gets; and whether the object is there although it was told of a failure. */
const CASES: readonly (readonly [kind: Kind, fault: object, status: number, thereAfterFailure?: boolean])[] = [
  ['small', { do: 'reset', ...once }, 200],
  ['small', { do: 'reset' }, 502],
  ['small', { do: 'reset', at: 'answer', ...once }, 200],
  ['small', { do: 'half_answer', ...once }, 200],
  ['small', { do: 'stall' }, 504],
  ['small', { do: 'error', status: 500, code: 'InternalError' }, 500],
  ['small', { do: 'error', status: 307, code: 'TemporaryRedirect', location: 'http://127.0.0.1:1/' }, 502],
  ['streamed', { do: 'reset' }, 502],
  ['streamed', { do: 'reset', at: 'body', after_bytes: '1MiB' }, 502],
  ['streamed', { do: 'reset', at: 'answer' }, 502, true],
  ['streamed', { do: 'stall', at: 'body', after_bytes: '1MiB' }, 504],
  ['streamed', { do: 'error', at: 'body', after_bytes: '1MiB' }, 503],
  ['split', { do: 'reset', at: 'body', after_bytes: '1MiB', part: 2, times: 2, ...part }, 200],
  ['split', { do: 'error', times: 2, ...part }, 200],
  ['split', { do: 'reset', at: 'answer', ...once, ...part }, 200],
  ['split', { do: 'error', part: 2, ...part }, 503],
  ['split', { do: 'change_header', ...part }, 502],
  ['split', { do: 'reset', ...once, ...completion }, 200],
  ['split', { do: 'reset', at: 'answer', ...completion }, 200],
  ['split', { do: 'white_space', seconds: 2, ...completion }, 200],
  ['split', { do: 'error', status: 200, code: 'InternalError', ...completion }, 500],
];

for (const [storeName, start] of Object.entries(STARTS)) {
  describe(`the fault list: ${storeName}`, () => {
    let store: RealStore;
    let direct: S3Client;
    let stored: StoredObjects;
    let proxy: FaultProxy;
    let gateway: GatewayProcess;
    before(async () => {
      store = await start();
      direct = clientOf(store.url);
      await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
      stored = new StoredObjects(direct, STORE_BUCKET);
      proxy = await startFaultProxy({ store: store.url, host: '127.0.0.1', port: 0, faults: [], seed: 1 });
      // versitygw needs the checksum to notice that a body is not whole: docs/bodies.md
      const s3 = { answer_timeout_seconds: 3, stall_timeout_seconds: 1, checksum: 'crc32' };
      gateway = await startGatewayInFront({ storeUrl: proxy.url, s3 });
    });
    after(async () => {
      await gateway.stop();
      await proxy.close();
      direct.destroy();
      await store.stop();
    });
    const plan = (...faults: object[]): void => proxy.plan(rules(faults));
    const put = (key: string, body: Buffer): Promise<Answer> => send(gateway.url, 'PUT', `/${BUCKET}/${key}`, body);
    const sumOf = (key: string): Promise<string | undefined> => stored.sha256(key).catch(() => undefined);

    for (const [i, [kind, fault, status, thereAfterFailure = false]] of CASES.entries()) {
      it(`${kind}, ${JSON.stringify(fault)}: ${status}`, async () => {
        const key = `fault-${i}`;
        plan(fault);
        const answer = await put(key, OBJECTS[kind]);
        plan();
        assert.equal(answer.status, status, answer.body);
        const there = status === 200 || thereAfterFailure;
        assert.equal(await sumOf(key), there ? sha256(OBJECTS[kind]) : undefined);
        assert.deepEqual(await stored.openUploads(key), []);
      });
    }

    for (const [kind, share] of (['small', 'streamed', 'split'] as const).flatMap((each) =>
      ([0, 0.01, 0.5, 0.999] as const).map((part) => [each, part] as const),
    )) {
      it(`${kind}, a client that goes after ${share * 100} %`, async () => {
        const key = `cut-${kind}-${share}`;
        const object = OBJECTS[kind];
        const client = await RawClient.connect(gateway.url);
        client.write(`PUT /${BUCKET}/${key} HTTP/1.1\r\nHost: g\r\nContent-Length: ${object.length}\r\n\r\n`);
        await new Promise((resolve) => client.socket.write(object.subarray(0, object.length * share), resolve));
        client.destroy();
        const line = await gateway.logged(({ path }) => path === `/${BUCKET}/${key}`);
        assert.equal(line.error_type, 'client_aborted');
        assert.equal(await sumOf(key), undefined);
        assert.deepEqual(await stored.openUploads(key), []);
      });
    }

    it('a store that was unavailable and is back', async () => {
      const { port } = new URL(proxy.url);
      await proxy.close();
      assert.equal((await put('gone', OBJECTS.small)).status, 503);
      proxy = await startFaultProxy({ store: store.url, host: '127.0.0.1', port: Number(port), faults: [], seed: 1 });
      assert.equal((await put('back', OBJECTS.small)).status, 200);
      assert.equal(await sumOf('back'), sha256(OBJECTS.small));
    });
  });
}

const rules = (faults: readonly object[]): readonly FaultRule[] =>
  faults.length === 0 ? [] : parseFaults(JSON.stringify({ faults }), 'plan', {}).faults;
