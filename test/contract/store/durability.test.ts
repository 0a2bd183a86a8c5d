import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { RawClient } from '../../support/http-client.ts';
import { ACCESS_KEY, headText, SECRET_KEY, signHeaders } from './independent-signer.ts';
import { BUCKET, RunningStore } from './running-store.ts';

const COMMAND = new URL('../../../src/cli/store.ts', import.meta.url).href;

/** The command in a process of its own. */
async function spawnStore(directory: string, address = '127.0.0.1:0') {
  const options = { directory, address, accessKey: ACCESS_KEY, secretKey: SECRET_KEY, bucket: [BUCKET] };
  const script = `const { store } = await import('${COMMAND}'); process.exitCode = await store(${JSON.stringify(options)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => void (said += bytes));
  const exited = once(child, 'exit');
  while (!said.includes('\n')) await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), exited]);
  return { child, exited, said: () => said, url: /http:\/\/[\d.]+:\d+/.exec(said)?.[0] ?? '' };
}

describe('the store and its end', () => {
  const running = new RunningStore();
  before(() => running.start());
  after(() => running.remove());

  it('has all that it promised after a restart', async () => {
    const { client } = running;
    const put = new PutObjectCommand({ Bucket: BUCKET, Key: 'kept', Body: 'bytes', Metadata: { a: 'b' } });
    const { ETag } = await client.send(put);
    const upload = { Bucket: BUCKET, Key: 'resumed' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const part = new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'x' });
    const Parts = [{ PartNumber: 1, ETag: (await client.send(part)).ETag }];
    await running.stop();
    await running.start();
    const head = await running.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'kept' }));
    assert.equal(head.ETag, ETag);
    assert.deepEqual(head.Metadata, { a: 'b' });
    assert.equal(String(await running.contentOf('kept')), 'bytes');
    await running.client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
    assert.equal(String(await running.contentOf('resumed')), 'x');
  });

  it('keeps stored objects, and nothing of unfinished uploads, when it is killed', async () => {
    const store = await spawnStore(running.directory);
    const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY };
    const client = new S3Client({ endpoint: store.url, forcePathStyle: true, region: 'us-east-1', credentials });
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'before the kill', Body: 'safe' }));
    const request = {
      method: 'PUT',
      path: `/${BUCKET}/half`,
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers: { 'content-length': '1000000' },
    };
    const headers = await signHeaders(request, store.url.slice('http://'.length));
    const socket = await RawClient.connect(store.url);
    // The answer to "may I send" says that the temporary file is there.
    socket.write(headText('PUT', request.path, { ...headers, expect: '100-continue' }));
    await socket.until(/100 Continue/);
    socket.write(Buffer.alloc(500_000));
    assert.equal((await readdir(join(running.directory, 'temporary'))).length, 1);
    store.child.kill('SIGKILL');
    await store.exited;
    client.destroy();
    socket.destroy();
    await running.stop();
    await running.start();
    assert.equal(String(await running.contentOf('before the kill')), 'safe');
    await running.assertAbsent('half');
    await running.assertNothingTemporary();
  });

  it('ends in order on SIGTERM, and reports why it cannot start', async () => {
    const store = await spawnStore(running.directory);
    assert.match(store.said(), /^store on http:\/\/127\.0\.0\.1:\d+, objects in .*, buckets: test-bucket\n$/);
    const taken = await spawnStore(running.directory, store.url.slice('http://'.length));
    assert.deepEqual((await taken.exited)[0], 1);
    assert.match(taken.said(), /^error: the store could not start: .*EADDRINUSE/);
    const senseless = await spawnStore(running.directory, 'localhost');
    assert.deepEqual((await senseless.exited)[0], 2);
    assert.match(senseless.said(), /localhost is not an address/);
    store.child.kill('SIGTERM');
    assert.deepEqual(await store.exited, [0, null]);
  });
});
