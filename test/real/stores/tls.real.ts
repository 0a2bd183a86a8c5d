import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { RawClient, send } from '../../support/http-client.ts';
import { SELF_SIGNED_CERTIFICATE } from '../../support/self-signed.ts';
import { clientOf, STARTS } from '../support/each-store.ts';
import { BUCKET, STORE_BUCKET, startGatewayInFront } from '../support/gateway-in-front.ts';
import type { RealStore } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';

for (const [name, start] of Object.entries(STARTS)) {
  describe(`a store over TLS: ${name}`, () => {
    let folder: string;
    let store: RealStore;
    let direct: S3Client;
    let through: S3Client;
    let gateway: GatewayProcess;
    let stored: StoredObjects;
    before(async () => {
      setDefaultCACertificates([...getCACertificates(), SELF_SIGNED_CERTIFICATE]);
      store = await start('https');
      direct = clientOf(store.url);
      await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
      stored = new StoredObjects(direct, STORE_BUCKET);
      folder = await mkdtemp(join(tmpdir(), 'mizuchi-real-tls-'));
      const certificate = join(folder, 'certificate.pem');
      await writeFile(certificate, SELF_SIGNED_CERTIFICATE);
      gateway = await startGatewayInFront({ storeUrl: store.url, env: { NODE_EXTRA_CA_CERTS: certificate } });
      through = clientOf(gateway.url);
    });
    after(async () => {
      direct.destroy();
      through.destroy();
      await gateway.stop();
      await store.stop();
      await rm(folder, { recursive: true });
    });

    it('takes objects, streams and parts', async () => {
      const small = randomBytes(1000);
      const large = randomBytes(12_000_000);
      const put = (Key: string, Body: Buffer | Readable, ContentLength: number) =>
        through.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ContentLength }));
      await put('small', small, small.length);
      await put('stream', Readable.from([large.subarray(0, 5_000_000), large.subarray(5_000_000)]), large.length);
      await new Upload({ client: through, params: { Bucket: BUCKET, Key: 'parts', Body: large } }).done();
      assert.equal(await stored.sha256('small'), sha256(small));
      assert.equal(await stored.sha256('stream'), sha256(large));
      assert.equal(await stored.sha256('parts'), sha256(large));
    });

    it('keeps nothing of an aborted upload', async () => {
      const client = await RawClient.connect(gateway.url);
      client.write(`PUT /${BUCKET}/broken HTTP/1.1\r\nHost: g\r\nContent-Length: 3000000\r\n\r\n`);
      await new Promise((resolve) => client.socket.write(randomBytes(2_999_999), resolve));
      client.destroy();
      const line = await gateway.logged(({ path }) => path === `/${BUCKET}/broken`);
      assert.equal(line.error_type, 'client_aborted');
      await assert.rejects(stored.head('broken'), { name: 'NotFound' });
    });

    it('is refused where its certificate is not trusted', async (test) => {
      const wary = await startGatewayInFront({ storeUrl: store.url });
      test.after(() => wary.stop());
      const answer = await send(wary.url, 'PUT', `/${BUCKET}/k`, 'x');
      assert.equal(answer.status, 503);
      assert.match(
        answer.body,
        /<Message>The store is unreachable\. Retry later\. Cause: the certificate is not accepted\.<\/Message>/,
        'the code of the error is for the operator',
      );
      const line = await wary.logged(({ error_type }) => error_type === 'store_unreachable');
      assert.match(String(line.error_detail), /[A-Z_]*CERT[A-Z_]*/);
    });
  });
}
