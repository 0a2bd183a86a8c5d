/** Uploads through HAProxy, nginx and Envoy with the configurations of deploy/, while gateways restart. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { EmbeddedStore, STORE_KEYS } from '../../support/embedded-store.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { SELF_SIGNED_CERTIFICATE } from '../../support/self-signed.ts';
import { type Balancer, type BalancerName, startBalancer } from '../support/deployed-balancer.ts';
import { eventually } from '../support/eventually.ts';
import { startGatewayInFront } from '../support/gateway-in-front.ts';
import { lowPorts } from '../support/low-ports.ts';

const BUCKET = 'uploads';
const KEYS = ['plain', 'with blank/ünï+%2F(1)@.txt', 'a=b&c', 'percent%25'];
const CLIENT = '127.0.0.2';
const CREDENTIALS = { access_key: 'CLIENT', secret_key: 'secret-of-the-client', subject: 'client' };

for (const name of ['haproxy', 'nginx', 'envoy'] satisfies BalancerName[])
  describe(`behind ${name}`, () => {
    let store: EmbeddedStore;
    let ports: [number, number];
    let gateways: [GatewayProcess, GatewayProcess];
    let balancer: Balancer;
    let client: S3Client;
    before(async () => {
      store = await EmbeddedStore.start();
      ports = (await lowPorts(2)) as [number, number];
      gateways = [await startGateway(ports[0]), await startGateway(ports[1])];
      balancer = await startBalancer(name, ports);
      client = clientOf(balancer);
    });
    after(async () => {
      client.destroy();
      await balancer.stop();
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await store.close();
    });

    const startGateway = (port: number): Promise<GatewayProcess> =>
      startGatewayInFront({
        storeUrl: store.url,
        s3: { bucket: 'my-bucket', access_key: STORE_KEYS.accessKey, secret_key: STORE_KEYS.secretKey },
        bucket: { auth: { sigv4: { credentials: [CREDENTIALS] } } },
        server: { address: `127.0.0.1:${port}`, trusted_proxies: ['127.0.0.1/32'], shutdown_delay_seconds: 3 },
        upload: { multipart_threshold: '8MiB' },
      });
    const stored = async (key: string) => {
      const { Body, Metadata } = await store.get(key);
      return { sum: sha256(await Body!.transformToByteArray()), Metadata };
    };

    it('signed keys and metadata arrive as they were sent', async () => {
      for (const Key of KEYS) {
        const Body = `content of ${Key}`;
        await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, Metadata: { 'my_name.x': 'value' } }));
        assert.deepEqual(await stored(Key), { sum: sha256(Body), Metadata: { 'my_name.x': 'value' } }, Key);
      }
    });

    it('large objects and multipart uploads arrive', async () => {
      const Body = Buffer.alloc(12 * 1024 * 1024, 'mizuchi');
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'large', Body }));
      assert.equal((await stored('large')).sum, sha256(Body));
      await new Upload({ client, params: { Bucket: BUCKET, Key: 'multipart', Body }, partSize: 5 << 20 }).done();
      assert.equal((await stored('multipart')).sum, sha256(Body));
    });

    it('the log has the address of the client', async () => {
      const outgoing = request(`${balancer.url}/uploads/who`, { method: 'PUT', localAddress: CLIENT });
      const answer = await new Promise<NodeJS.ReadableStream>((resolve) => outgoing.on('response', resolve).end('x'));
      assert.match(await text(answer), /<Code>AccessDenied<\/Code>/);
      const line = await eventually('the request is logged', async () =>
        gateways.flatMap(({ log }) => log).find(({ client_address: address }) => address === CLIENT),
      );
      assert.deepEqual([line.status, line.bucket], [403, BUCKET]);
    });

    it('uploads over HTTPS arrive, and the gateway knows the scheme', async (t) => {
      setDefaultCACertificates([...getCACertificates(), SELF_SIGNED_CERTIFICATE]);
      const secure = await startBalancer(name, ports, 'https');
      t.after(() => secure.stop());
      const over = clientOf(secure);
      t.after(() => over.destroy());
      const params = { Bucket: BUCKET, Key: 'secure', Body: Buffer.alloc(6 << 20, 'mizuchi') };
      const { Location } = await new Upload({ client: over, params, partSize: 5 << 20 }).done();
      assert.match(Location!, /^https:/);
      assert.equal((await stored('secure')).sum, sha256(params.Body));
    });

    it('a large upload that is refused gets its response', async () => {
      for (let i = 0; i < 10; i++) {
        const response = await fetch(`${balancer.url}/uploads/refused`, {
          method: 'PUT',
          body: Buffer.alloc(20 << 20),
        });
        assert.deepEqual(
          [response.status, /<Code>(.*)<\/Code>/.exec(await response.text())?.[1]],
          [403, 'AccessDenied'],
        );
      }
    });

    it('no upload fails while every gateway restarts', async () => {
      let running = true;
      let succeeded = 0;
      const failed: unknown[] = [];
      const upload = async (caller: number): Promise<void> => {
        for (let i = 0; running; i++)
          await client
            .send(new PutObjectCommand({ Bucket: BUCKET, Key: `restart/${caller}/${i}`, Body: 'x'.repeat(10_000) }))
            .then(() => succeeded++)
            .catch((error: unknown) => failed.push(error));
      };
      const callers = [0, 1, 2, 3].map(upload);
      for (const i of [0, 1] as const) {
        await gateways[i].stop();
        gateways[i] = await startGateway(ports[i]);
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
      running = false;
      await Promise.all(callers);
      assert.deepEqual(failed, []);
      assert.ok(succeeded > 50, String(succeeded));
    });
  });

/** It does not repeat requests. */
function clientOf({ url }: Balancer): S3Client {
  const credentials = { accessKeyId: CREDENTIALS.access_key, secretAccessKey: CREDENTIALS.secret_key };
  return new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials });
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
