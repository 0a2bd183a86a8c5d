import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { describe, it } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Fault } from '../../../src/rehearsal/store/faults.ts';
import { sha256, signHeaders } from './independent-signer.ts';
import { BUCKET, s3Error, useStore } from './running-store.ts';

const BODY = randomBytes(300_000);

describe('the store and faults on command', () => {
  const running = useStore();
  const put = (key: string, body: Buffer | string = BODY) =>
    running.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
  const always = (fault: Fault) => running.faults.add({ fault });
  const resetByPeer = (error: { code?: string }) => {
    assert.ok(['ECONNRESET', 'EPIPE'].includes(error.code ?? ''), String(error));
    return true;
  };
  const head = () =>
    running.sendHead({
      method: 'PUT',
      path: `/${BUCKET}/raw`,
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers: { 'content-length': String(BODY.length) },
    });

  it('meets only those requests that the rule names, so many times', async () => {
    const fault: Fault = { kind: 'refuse', at: 'head', status: 503, code: 'SlowDown' };
    running.faults.add({ on: { operation: 'PutObject', key: 'met' }, skip: 1, times: 2, fault });
    await put('other');
    await put('met');
    for (let i = 0; i < 2; i++) await assert.rejects(put('met'), s3Error('SlowDown', 503));
    await put('met');
  });

  it('refuses with any error, before the body and after it', async () => {
    for (const at of ['head', 'body'] as const) {
      running.faults.clear();
      always({
        kind: 'refuse',
        at,
        status: 500,
        code: 'InternalError',
        message: 'as told',
        headers: { 'retry-after': '7' },
      });
      await assert.rejects(
        put('refused'),
        (error: Error) => s3Error('InternalError', 500)(error) && /as told/.test(error.message),
      );
      assert.equal(running.requests.at(-1)?.bytes, at === 'head' ? 0 : BODY.length);
    }
    running.faults.clear();
    await running.assertAbsent('refused');
  });

  it('redirects', async () => {
    const location = 'http://127.0.0.1:1/elsewhere';
    always({ kind: 'refuse', at: 'head', status: 307, code: 'TemporaryRedirect', headers: { location } });
    const socket = await head();
    socket.write(BODY);
    assert.match(
      (await socket.until(/^[\s\S]*<Code>TemporaryRedirect</))[0],
      /^HTTP\/1\.1 307 [\s\S]*location: http:\/\/127\.0\.0\.1:1\/elsewhere/,
    );
  });

  for (const at of ['head', 100_000, 'body', 'answer'] as const) {
    it(`resets the connection: ${at}`, async () => {
      always({ kind: 'reset', at });
      await assert.rejects(put(`reset ${at}`), resetByPeer);
      const record = running.requests[0]!;
      await record.over;
      assert.equal(record.status, undefined);
      assert.ok(at === 'head' ? record.bytes === 0 : record.bytes >= (at === 100_000 ? at : BODY.length));
      if (at === 100_000) assert.ok(record.bytes < BODY.length);
      running.faults.clear();
      if (at === 'answer') assert.ok((await running.contentOf('reset answer')).equals(BODY));
      else await running.assertAbsent(`reset ${at}`);
      await running.assertNothingTemporary();
    });
  }

  for (const at of ['head', 'body', 'answer'] as const) {
    it(`hangs until it is let go: ${at}`, async () => {
      const gate = Promise.withResolvers<void>();
      always({ kind: 'hang', at, until: gate.promise });
      const sending = put(`hung ${at}`);
      const patience = new Promise<string>((resolve) => setTimeout(resolve, 50, 'nothing came').unref());
      assert.equal(await Promise.race([sending, patience]), 'nothing came');
      gate.resolve();
      await sending;
      assert.ok((await running.contentOf(`hung ${at}`)).equals(BODY));
    });
  }

  it('gives up hanging when the client goes', async () => {
    always({ kind: 'hang', at: 'head', until: new Promise(() => {}) });
    const [record, socket] = await Promise.all([running.next(), head()]);
    socket.destroy();
    await record.over;
    assert.equal(record.operation, 'PutObject');
    assert.equal(record.status, undefined);
  });

  it('reads at the configured rate, and so slows the client down', async () => {
    const big = Buffer.alloc(32 * 1024 * 1024, 7);
    const gate = Promise.withResolvers<void>();
    const reading = Promise.withResolvers<void>();
    const turn = async (bytes: number) => {
      if (bytes > 0) reading.resolve();
      if (bytes > 0) await gate.promise;
    };
    always({ kind: 'slow-read', turn });
    const declared = { 'content-length': String(big.length) };
    const request = { method: 'PUT', path: `/${BUCKET}/slow`, payloadHash: 'UNSIGNED-PAYLOAD', headers: declared };
    const socket = await running.sendHead(request);
    assert.equal(socket.socket.write(big), false);
    await reading.promise;
    assert.ok(socket.socket.writableLength > 0, 'the kernel took all of it');
    assert.ok(running.requests[0]!.bytes <= 64 * 1024);
    gate.resolve();
    await socket.until(/^HTTP\/1\.1 200 /);
    assert.equal(running.requests[0]!.bytes, big.length);
  });

  describe('at CompleteMultipartUpload', () => {
    const upload = async (Key: string) => {
      const { client } = running;
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
      const { ETag } = await client.send(
        new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber: 1, Body: 'x' }),
      );
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      return () => client.send(new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId, MultipartUpload }));
    };
    const onComplete = (fault: Fault) => running.faults.add({ on: { operation: 'CompleteMultipartUpload' }, fault });

    it('responds with 200 and an error inside', async () => {
      const complete = await upload('error');
      onComplete({ kind: 'refuse', at: 'body', status: 200, code: 'InternalError' });
      await assert.rejects(complete(), { name: 'InternalError' });
      assert.equal(running.requests.at(-1)?.status, 200);
      await running.assertAbsent('error');
    });

    it('sends white space first', async () => {
      const complete = await upload('space');
      const gate = Promise.withResolvers<void>();
      onComplete({ kind: 'white-space', spaces: 20, until: gate.promise });
      const completing = complete();
      gate.resolve();
      assert.match((await completing).ETag ?? '', /^"[0-9a-f]{32}-1"$/);
      assert.equal(String(await running.contentOf('space')), 'x');
    });

    it('sends white space, then an error, and completes nothing', async () => {
      const complete = await upload('late error');
      onComplete({
        kind: 'white-space',
        spaces: 20,
        until: Promise.resolve(),
        error: { code: 'InternalError', status: 500 },
      });
      await assert.rejects(complete(), { name: 'InternalError' });
      await running.assertAbsent('late error');
      running.faults.clear();
      await complete();
      assert.equal(String(await running.contentOf('late error')), 'x');
    });

    it('sends half of the document', async () => {
      const complete = await upload('half');
      onComplete({ kind: 'half-answer' });
      await assert.rejects(complete());
      assert.equal(running.requests.at(-1)?.operation, 'CompleteMultipartUpload');
    });
  });

  it('sends half of a response that has no document', async () => {
    always({ kind: 'half-answer' });
    const socket = await head();
    socket.write(BODY);
    assert.equal(await socket.closed(), 'HTTP/1.1 200 OK\r\ncontent-le');
  });

  it('lets a connection go stale', async () => {
    running.faults.add({ times: 1, fault: { kind: 'stale-connection' } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const putOn = async (key: string) => {
      const path = `/${BUCKET}/${key}`;
      const headers = await signHeaders({ method: 'PUT', path, payloadHash: sha256('x') }, running.host);
      const request = httpRequest(running.store.url, { agent, method: 'PUT', path, headers });
      const answered = new Promise<number | undefined>((resolve, reject) => {
        request.once('error', reject);
        request.once('response', (response) => response.resume().once('end', () => resolve(response.statusCode)));
      });
      request.end('x');
      return { status: await answered, reused: request.reusedSocket };
    };
    assert.deepEqual(await putOn('one'), { status: 200, reused: false });
    await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(putOn('two'), resetByPeer);
    assert.equal((await putOn('two')).status, 200);
    agent.destroy();
    assert.equal(running.requests.length, 3);
  });
});
