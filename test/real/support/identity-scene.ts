/** A bucket that asks who is there: a real store, the gateway, an identity provider, and two devices with keys of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { IdentityProvider } from '../../support/identity-provider.ts';
import { clientOf, STARTS } from './each-store.ts';
import { type GatewayInFrontOptions, lastLines, STORE_BUCKET, startGatewayInFront } from './gateway-in-front.ts';
import type { Keys } from './keys.ts';
import type { RealStore } from './real-stores.ts';
import { StoredObjects } from './stored-objects.ts';

export const DEVICE: Keys = { accessKeyId: 'AKIADEVICE7', secretAccessKey: 'the-secret-of-device-7/+=' };
export const OTHER_DEVICE: Keys = { accessKeyId: 'AKIADEVICE8', secretAccessKey: 'the-secret-of-device-8/+=' };
/** Whom DEVICE is, in policies and upload ids. */
export const DEVICE_SUBJECT = 'device-7@example.com';
export const OTHER_SUBJECT = 'device-8@example.com';
/** What clients with a token sign with. */
export const TOKEN_KEYS: Keys = { accessKeyId: 'oidc-clients', secretAccessKey: 'known-to-all-clients' };

export interface IdentityScene {
  readonly store: RealStore;
  readonly gateway: GatewayProcess;
  readonly provider: IdentityProvider;
  readonly stored: StoredObjects;
  /** For files of the clients. */
  readonly folder: string;
  /** Keys with a token in them. @param claims beside those that every token has. */
  keysWithToken(claims?: Record<string, unknown>): Promise<Keys>;
  close(): Promise<void>;
}

export type IdentityOptions = Pick<GatewayInFrontOptions, 'tracing' | 'server' | 'upload'> & {
  readonly authz?: object;
  readonly cors?: object;
};

export async function openIdentityScene(
  storeName: keyof typeof STARTS = 'MinIO',
  { authz, cors, ...options }: IdentityOptions = {},
): Promise<IdentityScene> {
  const [store, provider] = await Promise.all([STARTS[storeName](), IdentityProvider.start()]);
  const direct = clientOf(store.url);
  await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
  const bucket = { auth: authOf(provider), ...(authz !== undefined && { authz }), ...(cors !== undefined && { cors }) };
  const gateway = await startGatewayInFront({ storeUrl: store.url, bucket, ...options });
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-identity-'));
  return {
    store,
    gateway,
    provider,
    stored: new StoredObjects(direct, STORE_BUCKET),
    folder,
    keysWithToken: async (claims) => ({ ...TOKEN_KEYS, sessionToken: await provider.token(claims) }),
    async close() {
      direct.destroy();
      await gateway.stop();
      await Promise.all([store.stop(), provider.close(), rm(folder, { recursive: true })]);
    },
  };
}

const authOf = (provider: IdentityProvider): object => ({
  jwt: {
    algorithms: ['RS256'],
    jwks_url: provider.jwksUrl,
    issuer: provider.issuer,
    audience: 'uploads',
    session_token: { access_key: TOKEN_KEYS.accessKeyId, secret_key: TOKEN_KEYS.secretAccessKey },
  },
  sigv4: { credentials: [credential(DEVICE, DEVICE_SUBJECT), credential(OTHER_DEVICE, OTHER_SUBJECT)] },
});

const credential = ({ accessKeyId, secretAccessKey }: Keys, subject: string): object => ({
  access_key: accessKeyId,
  secret_key: secretAccessKey,
  subject,
});

/** A client of the AWS SDK that asks once, and does not write to the console what it thinks of a refusal. */
export function sdkClient(endpoint: string, credentials: Keys): S3Client {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials, logger });
}

/** The same tests in front of each real store. @param scene may be called inside of tests and hooks. */
export function describeIdentity(
  title: string,
  define: (scene: () => IdentityScene, storeName: string) => void,
  storeNames = Object.keys(STARTS) as readonly (keyof typeof STARTS)[],
): void {
  for (const name of storeNames) {
    describe(`${title}: ${name}`, () => {
      let scene: IdentityScene;
      before(async () => {
        scene = await openIdentityScene(name);
      });
      afterEach((context) => {
        if ('passed' in context && context.passed === false) process.stderr.write(`${lastLines(scene.gateway)}\n`);
      });
      after(() => scene?.close());
      define(() => scene, name);
    });
  }
}
