import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { S3Client } from '@aws-sdk/client-s3';
import { type Store, startStore } from '../../../src/rehearsal/store/start-store.ts';
import { startGateway, type TestGateway } from '../../support/start-gateway.ts';
import { clientOf } from '../support/each-store.ts';
import { withoutProxies } from '../support/real-server.ts';
import { ACCESS_KEY, SECRET_KEY } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';

const SOURCE = fileURLToPath(new URL('minio-go', import.meta.url));
const BUCKET = 'uploads';
const DEVICE = { access_key: 'AKIADEVICE7', secret_key: 'a-secret-key-of-device-7', subject: 'device-7' };
const SIZES = [0, 1, 100_000, 20_000_000];

interface Result {
  readonly code: number | string | null | undefined;
  readonly err: string;
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<Result> {
  return new Promise((resolve) => {
    execFile(file, args, { env, cwd, timeout: 300_000 }, (error, _, err) => {
      resolve({ code: error === null ? 0 : error.code, err: err || (error?.message ?? '') });
    });
  });
}

/** The modules come over the network the first time, and from Go's own cache later. */
async function build(program: string): Promise<void> {
  const { code, err } = await run('go', ['build', '-buildvcs=false', '-o', program, '.'], process.env, SOURCE);
  if (code === 'ENOENT')
    throw new Error('Go is not there: this test builds a client with minio-go, which needs Go 1.26');
  if (code !== 0) throw new Error(`the client could not be built; its modules come over the network:\n${err}`);
}

/** Behind a checksum bytes go unsigned; chunk signatures are replaced by the gateway's own. */
function wordTowardsStore(bytes: Buffer, trailer: boolean): string {
  const isSmall = bytes.length <= 65_536;
  if (trailer) return isSmall ? 'UNSIGNED-PAYLOAD' : 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  return isSmall ? sha256(bytes) : 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
}

describe('minio-go, which signs every chunk', () => {
  const words: unknown[] = [];
  let folder: string;
  let program: string;
  let store: Store;
  let gateway: TestGateway;
  let direct: S3Client;
  let stored: StoredObjects;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-real-minio-go-'));
    program = join(folder, 'client');
    await build(program);
    store = await startStore({
      directory: join(folder, 'store'),
      address: { host: '127.0.0.1', port: 0 },
      accessKey: ACCESS_KEY,
      secretKey: SECRET_KEY,
      buckets: [BUCKET],
      onRequest: ({ method, headers }) => method === 'PUT' && words.push(headers['x-amz-content-sha256']),
    });
    gateway = await startGateway({
      storeUrl: store.url,
      s3: { bucket: BUCKET, access_key: ACCESS_KEY, secret_key: SECRET_KEY },
      auth: { sigv4: { credentials: [DEVICE] } },
    });
    direct = clientOf(store.url);
    stored = new StoredObjects(direct, BUCKET);
  });
  beforeEach(() => {
    words.length = 0;
  });
  after(async () => {
    direct?.destroy();
    await gateway?.close();
    await store?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const put = (url: string, accessKey: string, secretKey: string, key: string, args: readonly string[]) => {
    const keys = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
    const target = [new URL(url).host, BUCKET, key, join(folder, 'file')];
    return run(program, [...args, ...target], { ...withoutProxies(process.env), ...keys });
  };

  for (const checksum of [false, true]) {
    const args = checksum ? ['-checksum'] : [];
    for (const size of SIZES) {
      const trailer = checksum && size > 0; // of an empty object it sends none
      const word = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer ? '-TRAILER' : ''}`;
      it(`uploads ${size} bytes ${checksum ? 'with a checksum' : 'without a checksum'}`, async () => {
        const bytes = randomBytes(size);
        await writeFile(join(folder, 'file'), bytes);
        const parts = size > 16 * 1024 * 1024 ? 2 : 1;

        const toStore = await put(store.url, ACCESS_KEY, SECRET_KEY, `direct-${size}`, args);
        assert.equal(toStore.code, 0, toStore.err);
        assert.deepEqual(words, Array(parts).fill(word));
        assert.equal(await stored.sha256(`direct-${size}`), sha256(bytes));

        words.length = 0;
        const toGateway = await put(gateway.url, DEVICE.access_key, DEVICE.secret_key, `through-${size}`, args);
        assert.equal(toGateway.code, 0, toGateway.err);
        assert.deepEqual(words, Array(parts).fill(wordTowardsStore(bytes, trailer)));
        assert.equal(await stored.sha256(`through-${size}`), sha256(bytes));
        const head = await stored.head(`through-${size}`);
        assert.deepEqual(
          [head.ContentType, head.ContentEncoding, head.Metadata],
          ['text/x-test', undefined, { a: 'b' }],
        );
        if (checksum) assert.equal(head.ChecksumCRC32C, (await stored.head(`direct-${size}`)).ChecksumCRC32C);
      });
    }
  }

  it('gets an error about its wrong secret, and the store receives nothing', async () => {
    await writeFile(join(folder, 'file'), 'hello');
    const { code, err } = await put(gateway.url, DEVICE.access_key, 'another', 'refused', []);
    assert.equal(code, 1);
    assert.match(err, /signature does not match/);
    assert.deepEqual(words, []);
  });
});
