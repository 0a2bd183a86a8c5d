/**
 * Clients that go at any moment of an upload, several at once, against real stores: nothing of it may become an object, and no
 * upload stay open. One moment is not enough: stores finish what they are taking when its connection ends, once in twenty times.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { CreateMultipartUploadCommand, ListPartsCommand, type S3Client } from '@aws-sdk/client-s3';
import { seededRandom } from '../../src/kit/seeded-random.ts';
import { RawClient } from '../support/http-client.ts';
import { describeWithEachStore } from './support/each-store.ts';
import { BUCKET, STORE_BUCKET } from './support/gateway-in-front.ts';

const MIB = 1024 * 1024;
const UPLOADS = 24;
const AT_ONCE = 4;

/** How an upload's head says how long it is, its body, and whether it is a part of an upload that the client began. */
const KINDS = {
  'one stream': { body: randomBytes(6 * MIB), counted: true, isPart: false },
  parts: { body: randomBytes(60 * MIB), counted: true, isPart: false },
  'a stream that nobody has counted': { body: randomBytes(24 * MIB), counted: false, isPart: false },
  'a part of its own upload': { body: randomBytes(6 * MIB), counted: true, isPart: true },
} as const;

describeWithEachStore('clients that go', (scene) => {
  const random = seededRandom(20261123);

  for (const [kind, { body, counted, isPart }] of Object.entries(KINDS)) {
    it(`leave nothing of what goes as ${kind}`, async () => {
      const { gateway, direct, through, stored } = scene();
      const cut = async (key: string): Promise<void> => {
        const query = isPart ? `?partNumber=1&uploadId=${encodeURIComponent(await begin(through, key))}` : '';
        // Half of them close to the end, where the store may believe to have it all.
        const share = random() < 0.5 ? random() : 1 - random() / 100;
        const sent = body.subarray(0, Math.min(body.length - 1, Math.floor(share * body.length)));
        const client = await RawClient.connect(gateway.url);
        const length = counted ? `Content-Length: ${body.length}` : 'Transfer-Encoding: chunked';
        client.write(`PUT /${BUCKET}/${key}${query} HTTP/1.1\r\nHost: g\r\n${length}\r\n\r\n`);
        if (!counted) client.write(`${body.length.toString(16)}\r\n`);
        await new Promise((resolve) => client.socket.write(sent, resolve));
        client.destroy();
        const line = await gateway.logged(({ path, method }) => path === `/${BUCKET}/${key}` && method === 'PUT');
        assert.equal(line.error_type, 'client_aborted');
        assert.ok(!(await stored.keys()).includes(key), `${key} is no object, ${sent.length} bytes were sent`);
        const open = await stored.openUploads(key);
        assert.equal(open.length, isPart ? 1 : 0, `${key} is not open, ${sent.length} bytes were sent`);
        if (isPart) assert.deepEqual(await partsOf(direct, key, open[0]!), []);
      };
      for (let done = 0; done < UPLOADS; done += AT_ONCE) {
        const keys = Array.from({ length: AT_ONCE }, (_, i) => `${kind.replaceAll(' ', '-')}-${done + i}`);
        await Promise.all(keys.map(cut));
      }
    });
  }
});

async function begin(through: S3Client, Key: string): Promise<string> {
  const { UploadId } = await through.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
  return UploadId!;
}

async function partsOf(direct: S3Client, Key: string, UploadId: string): Promise<number[]> {
  const { Parts = [] } = await direct.send(new ListPartsCommand({ Bucket: STORE_BUCKET, Key, UploadId }));
  return Parts.map(({ PartNumber }) => PartNumber!);
}
