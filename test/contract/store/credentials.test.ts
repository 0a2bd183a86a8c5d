import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { send } from '../../support/http-client.ts';
import { ACCESS_KEY, presignTarget, sha256, signHeaders } from './independent-signer.ts';
import { BUCKET, s3Error, useStore } from './running-store.ts';

const codeOf = (body: string): string | undefined => /<Code>(.*?)<\/Code>/.exec(body)?.[1];

describe('the store and credentials', () => {
  const running = useStore();
  const put = (key = 'k') => new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'x' });

  it('refuses a wrong secret and an unknown access key', async () => {
    const wrongSecret = { credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: 'wrong' } };
    await assert.rejects(running.newClient(wrongSecret).send(put()), s3Error('SignatureDoesNotMatch', 403));
    const unknown = { credentials: { accessKeyId: 'nobody', secretAccessKey: 'wrong' } };
    await assert.rejects(running.newClient(unknown).send(put()), s3Error('InvalidAccessKeyId', 403));
    const withToken = { credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: 'test-secret', sessionToken: 't' } };
    await assert.rejects(running.newClient(withToken).send(put()), s3Error('InvalidToken', 400));
    await running.assertAbsent('k');
  });

  it('refuses every anonymous request, and names the request', async () => {
    for (const [method, path] of [
      ['PUT', `/${BUCKET}/k`],
      ['GET', `/${BUCKET}/k`],
      ['GET', `/${BUCKET}?list-type=2`],
      ['DELETE', `/${BUCKET}/k`],
      ['POST', `/${BUCKET}/k?uploads`],
      ['PUT', '/another-bucket'],
      ['GET', '/no-such-bucket/k'],
    ] as const) {
      const answer = await send(running.store.url, method, path, method === 'PUT' ? 'x' : undefined);
      assert.equal(answer.status, 403, `${method} ${path}`);
      assert.equal(codeOf(answer.body), 'AccessDenied');
      assert.match(answer.body, new RegExp(`<RequestId>${answer.headers['x-amz-request-id']}</RequestId>`));
      assert.ok(answer.headers['x-amz-id-2']);
    }
    await running.assertAbsent('k');
  });

  it('refuses a request whose time is too far from its own', async () => {
    for (const minutes of [-16, 16]) {
      running.clockOffset = minutes * 60_000;
      await assert.rejects(running.newClient().send(put()), s3Error('RequestTimeTooSkewed', 403));
    }
    for (const minutes of [-14, 14]) {
      running.clockOffset = minutes * 60_000;
      await running.client.send(put('skewed'));
    }
  });

  it('takes headers that are not signed, but none of S3', async () => {
    const request = { method: 'PUT', path: `/${BUCKET}/extra`, payloadHash: sha256('x') };
    const signed = await signHeaders(request, running.host);
    const traced = {
      ...signed,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'user-agent': 'any',
    };
    assert.equal((await send(running.store.url, 'PUT', request.path, 'x', traced)).status, 200);
    for (const name of ['x-amz-acl', 'x-amz-meta-a', 'X-Amz-Storage-Class', 'x-amz-security-token']) {
      const answer = await send(running.store.url, 'PUT', request.path, 'x', { ...signed, [name]: 'private' });
      assert.equal(answer.status, name === 'x-amz-security-token' ? 400 : 403, name);
    }
  });

  it('refuses requests that were changed after signing', async () => {
    const request = {
      method: 'PUT',
      path: `/${BUCKET}/changed`,
      headers: { 'content-type': 'text/plain', 'x-amz-meta-a': 'b' },
      payloadHash: sha256('x'),
    };
    const signed = await signHeaders(request, running.host);
    const changes: [string, Record<string, string>][] = [
      [`/${BUCKET}/changed2`, {}],
      [`/${BUCKET}/changed?x-id=PutObject`, {}],
      [`/${BUCKET}/changed`, { 'content-type': 'text/html' }],
      [`/${BUCKET}/changed`, { 'x-amz-meta-a': 'c' }],
      [`/${BUCKET}/changed`, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }],
    ];
    for (const [path, change] of changes) {
      const answer = await send(running.store.url, 'PUT', path, 'x', { ...signed, ...change });
      assert.equal(codeOf(answer.body), 'SignatureDoesNotMatch', `${path} ${JSON.stringify(change)}`);
    }
    assert.equal((await send(running.store.url, 'PUT', request.path, 'x', signed)).status, 200);
  });

  it('refuses a second Authorization header, and a signed header next to a presigned query', async () => {
    const request = { method: 'PUT', path: `/${BUCKET}/two`, payloadHash: sha256('x') };
    const signed = await signHeaders(request, running.host);
    const { authorization, ...rest } = signed as { authorization: string };
    const twice = { ...rest, authorization: ['AWS4-HMAC-SHA256 nonsense', authorization] };
    const socket = await running.connect();
    const lines = Object.entries(twice).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
    socket.write(`PUT ${request.path} HTTP/1.1\r\ncontent-length: 1\r\n${lines.join('')}\r\nx`);
    await socket.until(/^HTTP\/1.1 400[\s\S]*InvalidRequest/);
    const target = await presignTarget({ method: 'PUT', path: request.path }, running.host, 60);
    const both = await send(running.store.url, 'PUT', target, 'x', { authorization: 'Bearer abc' });
    assert.equal(codeOf(both.body), 'InvalidArgument');
    await running.assertAbsent('two');
  });

  it('takes presigned URLs of the SDK', async () => {
    const body = 'through a presigned URL';
    const key = 'pre signed/ü+é.txt';
    const putUrl = await getSignedUrl(running.client, new PutObjectCommand({ Bucket: BUCKET, Key: key }), {
      expiresIn: 60,
    });
    const stored = await fetch(putUrl, { method: 'PUT', body });
    assert.equal(stored.status, 200, await stored.text());
    const getUrl = await getSignedUrl(running.client, new GetObjectCommand({ Bucket: BUCKET, Key: key }), {
      expiresIn: 60,
    });
    assert.equal(await (await fetch(getUrl)).text(), body);
  });

  it('refuses a presigned URL that has expired, is not valid yet, or was changed', async () => {
    const url = await getSignedUrl(running.client, put('presigned'), { expiresIn: 60 });
    const attempt = async (changed: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(changed, { method: 'PUT', body: 'x', headers });
      return [answer.status, codeOf(await answer.text())];
    };
    running.clockOffset = 62_000;
    assert.deepEqual(await attempt(url), [403, 'AccessDenied']);
    running.clockOffset = -16 * 60_000;
    assert.deepEqual(await attempt(url), [403, 'AccessDenied']);
    running.clockOffset = 0;
    assert.deepEqual(await attempt(url.replace('presigned?', 'presigned2?')), [403, 'SignatureDoesNotMatch']);
    assert.deepEqual(await attempt(url.replace('X-Amz-Expires=60', 'X-Amz-Expires=61')), [
      403,
      'SignatureDoesNotMatch',
    ]);
    assert.deepEqual(await attempt(`${url}&partNumber=1`), [403, 'SignatureDoesNotMatch']);
    assert.deepEqual(await attempt(url, { 'x-amz-acl': 'private' }), [403, 'AccessDenied']);
    for (const seconds of ['0', '-1', '604801', '1e3', '']) {
      const changed = url.replace('X-Amz-Expires=60', `X-Amz-Expires=${seconds}`);
      assert.deepEqual(await attempt(changed), [400, 'AuthorizationQueryParametersError'], seconds);
    }
    assert.deepEqual(await attempt(`${url}&X-Amz-Expires=60`), [400, 'AuthorizationQueryParametersError']);
    await running.assertAbsent('presigned');
    assert.deepEqual(await attempt(url), [200, undefined]);
  });

  it('never accepts a streaming body for a presigned URL that does not declare one', async () => {
    const target = await presignTarget({ method: 'PUT', path: `/${BUCKET}/streamed` }, running.host, 60);
    const headers = {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '1',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    };
    const answer = await send(running.store.url, 'PUT', target, '1\r\nx\r\n0\r\n\r\n', headers);
    assert.equal(answer.status, 403);
    await running.assertAbsent('streamed');
  });

  it('verifies what it lists', async () => {
    const changed = running.newClient();
    changed.middlewareStack.add(
      (next) => (args) => {
        (args.request as { query: Record<string, string> }).query['max-keys'] = '5';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'change after signing' },
    );
    await assert.rejects(
      changed.send(new ListObjectsV2Command({ Bucket: BUCKET })),
      s3Error('SignatureDoesNotMatch', 403),
    );
  });
});
