/**
 * The gateway's process ends amid an upload: told to (SIGTERM), out of patience, or killed. What it had begun is then stored
 * whole, or not at all, also by versitygw, which takes an orderly close for the end of a body: the system resets the connections
 * of a killed gateway.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { RawClient } from '../../support/http-client.ts';
import { clientOf, STARTS } from '../support/each-store.ts';
import { eventually } from '../support/eventually.ts';
import { BUCKET, STORE_BUCKET, startGatewayInFront } from '../support/gateway-in-front.ts';
import type { RealStore } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';

const MIB = 1024 * 1024;
const SMALL = randomBytes(8 * MIB);
/** Goes in parts. */
const LARGE = randomBytes(60 * MIB);

for (const [name, start] of Object.entries(STARTS)) {
  describe(`a gateway that ends amid an upload: ${name}`, () => {
    let store: RealStore;
    let direct: S3Client;
    let stored: StoredObjects;
    before(async () => {
      store = await start();
      direct = clientOf(store.url);
      await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
      stored = new StoredObjects(direct, STORE_BUCKET);
    });
    after(async () => {
      direct.destroy();
      await store.stop();
    });

    /** Half of the object is on its way, and the store has heard of it. */
    async function begin(key: string, object: Buffer, way: string, server: object = {}) {
      const gateway = await startGatewayInFront({ storeUrl: store.url, server, upload: { way } });
      const client = await RawClient.connect(gateway.url);
      client.write(`PUT /${BUCKET}/${key} HTTP/1.1\r\nHost: g\r\nContent-Length: ${object.length}\r\n\r\n`);
      client.write(object.subarray(0, object.length / 2));
      await eventually('half of it was taken', async () => client.socket.writableLength === 0 || undefined);
      return { gateway, client };
    }
    const kill = async (gateway: GatewayProcess): Promise<void> => {
      gateway.process.kill('SIGKILL');
      await gateway.exited;
    };

    for (const [size, object, way] of [
      ['one stream', SMALL, 'stream'],
      ['a spliced body', SMALL, 'auto'],
      ['parts', LARGE, 'stream'],
      ['parts that a pump reads', LARGE, 'auto'],
    ] as const) {
      const key = (what: string): string => `ends/${what}-${size.replaceAll(' ', '-')}`;

      it(`finishes after SIGTERM what goes as ${size}`, async () => {
        const { gateway, client } = await begin(key('told'), object, way);
        gateway.process.kill('SIGTERM');
        client.write(object.subarray(object.length / 2));
        await client.until(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nconnection: close\r\n/i);
        assert.equal(await gateway.exited, 0);
        assert.equal(await stored.sha256(key('told')), sha256(object));
        client.destroy();
      });

      it(`stores nothing when the time to finish is over, of what goes as ${size}`, async () => {
        const { gateway, client } = await begin(key('late'), object, way, { shutdown_timeout_seconds: 0.5 });
        gateway.process.kill('SIGTERM');
        assert.doesNotMatch(await client.closed(), /^HTTP\/1\.1 2/);
        assert.equal(await gateway.exited, 0);
        assert.ok(!(await stored.keys()).includes(key('late')));
        assert.deepEqual(await stored.openUploads(key('late')), [], 'its parts were aborted');
      });

      it(`stores nothing when it is killed, of what goes as ${size}`, async () => {
        const { gateway, client } = await begin(key('killed'), object, way);
        await kill(gateway);
        await client.closed();
        await new Promise((resolve) => setTimeout(resolve, 1_000)); // nobody tells when the store has noticed
        assert.ok(!(await stored.keys()).includes(key('killed')));
      });
    }
  });
}
