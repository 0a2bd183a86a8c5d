/** The same tests in front of each real store: a scene with the store, the gateway, and a client for each. */
import { after, afterEach, before, describe } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { lastLines, STORE_BUCKET, startGatewayInFront } from './gateway-in-front.ts';
import { ACCESS_KEY, type RealStore, SECRET_KEY, startMinio, startVersitygw } from './real-stores.ts';
import { StoredObjects } from './stored-objects.ts';

export interface Scene {
  readonly store: RealStore;
  readonly gateway: GatewayProcess;
  /** Asks the store itself; its bucket is STORE_BUCKET. */
  readonly direct: S3Client;
  /** Asks the gateway; its bucket is BUCKET. */
  readonly through: S3Client;
  readonly stored: StoredObjects;
}

export const STARTS = { MinIO: startMinio, versitygw: startVersitygw };

/** @param define the tests; `scene()` may be called inside of them. */
export function describeWithEachStore(title: string, define: (scene: () => Scene, storeName: string) => void): void {
  for (const [name, start] of Object.entries(STARTS)) {
    describe(`${title}: ${name}`, () => {
      let scene: Scene;
      before(async () => {
        scene = await openScene(start);
      });
      afterEach((context) => {
        if ('passed' in context && context.passed === false)
          process.stderr.write(`${lastLines(scene.gateway)}\n${scene.store.lastWords()}\n`);
      });
      after(() => closeScene(scene));
      define(() => scene, name);
    });
  }
}

async function openScene(start: () => Promise<RealStore>): Promise<Scene> {
  const store = await start();
  const direct = clientOf(store.url);
  await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
  const gateway = await startGatewayInFront({ storeUrl: store.url });
  return { store, gateway, direct, through: clientOf(gateway.url), stored: new StoredObjects(direct, STORE_BUCKET) };
}

async function closeScene({ store, gateway, direct, through }: Scene): Promise<void> {
  direct.destroy();
  through.destroy();
  await gateway.stop();
  await store.stop();
}

/** A client that asks once: what fails shall be seen. */
export function clientOf(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
  });
}
