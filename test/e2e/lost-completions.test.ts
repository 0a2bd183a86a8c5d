/** A client's CompleteMultipartUpload whose answer never comes from the store: resolved by asking, never repeated blindly. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { RequestRecord } from '../../src/rehearsal/store/exchange.ts';
import { type Fault, FaultPlan } from '../../src/rehearsal/store/faults.ts';
import { type Store, startStore } from '../../src/rehearsal/store/start-store.ts';
import { compositeEtag } from '../../src/upload/complete-once.ts';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const PART_ETAG = '5d41402abc4b2a76b9719d911017c592';
const KEYS = { accessKey: 'mizuchi', secretKey: 'mizuchi-secret' };

describe('a completion whose response is not received', () => {
  const faults = new FaultPlan();
  let seen: RequestRecord[] = [];
  let directory: string;
  let store: Store;
  let gateway: TestGateway;
  let client: S3Client;
  let atStore: S3Client;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mizuchi-lost-'));
    const address = { host: '127.0.0.1', port: 0 };
    const onRequest = (record: RequestRecord) => void seen.push(record);
    store = await startStore({ directory, address, buckets: ['my-bucket'], faults, onRequest, ...KEYS });
    gateway = await startGateway({ storeUrl: store.url });
    const credentials = { accessKeyId: KEYS.accessKey, secretAccessKey: KEYS.secretKey };
    const options = { region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials };
    client = new S3Client({ endpoint: gateway.url, ...options });
    atStore = new S3Client({ endpoint: store.url, ...options });
  });
  afterEach(() => faults.clear());
  after(async () => {
    client.destroy();
    atStore.destroy();
    await gateway.close();
    await store.close();
    await rm(directory, { recursive: true });
  });

  /** Begins an upload of one part, and completes it while the store has the fault. */
  async function completeWith(Key: string, fault: Fault, times = 1, conditions = {}) {
    const target = { Bucket: 'uploads', Key };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const part = { ...target, UploadId, PartNumber: 1, Body: 'the bytes' };
    const { ETag } = await client.send(new UploadPartCommand(part));
    faults.add({ on: { operation: 'CompleteMultipartUpload' }, fault, times });
    seen = [];
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    return client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload, ...conditions }));
  }
  const operations = (): (string | undefined)[] => seen.map(({ operation }) => operation);
  const etagAtStore = async (Key: string): Promise<string | undefined> =>
    (await atStore.send(new HeadObjectCommand({ Bucket: 'my-bucket', Key }))).ETag;

  it('has happened, if the upload no longer exists and the object is there', async () => {
    const { ETag, Bucket, Key } = await completeWith('happened', { kind: 'reset', at: 'answer' });
    assert.deepEqual([Bucket, Key], ['uploads', 'happened']);
    assert.equal(ETag, await etagAtStore('happened'));
    assert.deepEqual(operations().slice(0, 3), ['CompleteMultipartUpload', 'ListParts', 'HeadObject']);
  });

  it('has happened, too, where the client wants no object to be replaced: its condition is not that of the HEAD', async () => {
    const { ETag } = await completeWith('condition', { kind: 'reset', at: 'answer' }, 1, { IfNoneMatch: '*' });
    assert.equal(ETag, await etagAtStore('condition'));
  });

  it('has happened, too, if half of the response came', async () => {
    const { ETag } = await completeWith('half', { kind: 'half-answer' });
    assert.equal(ETag, await etagAtStore('half'));
  });

  it('is sent again, if the upload is still there', async () => {
    const { ETag } = await completeWith('again', { kind: 'reset', at: 'head' });
    assert.equal(ETag, await etagAtStore('again'));
    assert.deepEqual(operations().slice(0, 3), ['CompleteMultipartUpload', 'ListParts', 'CompleteMultipartUpload']);
  });

  it('stays unknown, if the object is older than the upload: another upload may have made it of the same parts', async (t) => {
    const now = Date.now();
    const answerOf: Record<string, (created: string) => [number, string, Record<string, string>]> = {
      'POST uploads': () => [
        200,
        '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
        {},
      ],
      'GET uploadId': () => [404, '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>', {}],
      'HEAD ': (modified) => [200, '', { etag: `"${compositeEtag([PART_ETAG])}"`, 'last-modified': modified }],
    };
    const outcomes: [string, number | undefined][] = [];
    for (const [date, modified] of [
      [now, now - 3_600_000],
      [now, now - 1_000],
      [now, now],
      [now, now + 5_000],
      [undefined, now],
    ] as const) {
      const raw = await RawStore.start();
      raw.behaviour = (request, response) => {
        const kind = `${request.method} ${/[?&](uploads|uploadId)/.exec(request.url ?? '')?.[1] ?? ''}`;
        if (kind === 'POST uploadId') return void request.socket.destroy();
        request.resume();
        const [status, body, headers] = answerOf[kind]!(new Date(modified).toUTCString());
        response.sendDate = false;
        if (date !== undefined) response.setHeader('date', new Date(date).toUTCString());
        response.writeHead(status, headers).end(body);
      };
      const before = await startGateway({ storeUrl: raw.url });
      t.after(() => Promise.all([before.close(), raw.close()]));
      const created = await send(before.url, 'POST', '/uploads/k?uploads', '');
      const id = /<UploadId>([^<]+)</.exec(created.body)?.[1];
      const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${PART_ETAG}</ETag></Part></CompleteMultipartUpload>`;
      const answer = await send(before.url, 'POST', `/uploads/k?uploadId=${id}`, list);
      outcomes.push([String(before.log.at(-1)?.error_reason), answer.status]);
    }
    const unknown = ['completion_unknown', 502];
    const done = ['undefined', 200];
    assert.deepEqual(outcomes, [unknown, unknown, done, done, unknown]);
  });

  it('is an error, if the store never responds', async () => {
    const failure = await completeWith('never', { kind: 'reset', at: 'head' }, 9).catch((error) => error);
    assert.deepEqual([failure.name, failure.$metadata.httpStatusCode], ['BadGateway', 502]);
    assert.equal(operations().filter((name) => name === 'CompleteMultipartUpload').length, 2);
    assert.equal(gateway.log.findLast(({ status }) => status === 502)?.error_reason, 'completion_unknown');
    await assert.rejects(etagAtStore('never'), { name: 'NotFound' });
  });
});
