import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { crc32 } from 'node:zlib';
import { awsChunked, chunkedHeaders, RawClient, send } from '../../support/http-client.ts';
import { describeWithEachStore } from '../support/each-store.ts';
import { BUCKET, startGatewayInFront } from '../support/gateway-in-front.ts';
import { sha256 } from '../support/stored-objects.ts';

const base64Crc32 = (bytes: Buffer): string => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
};
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64');

/** What the client promises about other bytes than those that it sends. */
type Lie = [
  what: string,
  code: RegExp,
  (sent: Buffer, promised: Buffer) => [body: Buffer, headers: Record<string, string>],
];

const LIES: Lie[] = [
  [
    'x-amz-content-sha256',
    /XAmzContentSHA256Mismatch/,
    (sent, other) => [sent, { 'x-amz-content-sha256': sha256(other) }],
  ],
  ['Content-MD5', /BadDigest/, (sent, other) => [sent, { 'content-md5': md5(other) }]],
  [
    'x-amz-checksum-crc32',
    /BadDigest|XAmzContentChecksumMismatch/,
    (sent, other) => [sent, { 'x-amz-checksum-crc32': base64Crc32(other), 'x-amz-sdk-checksum-algorithm': 'CRC32' }],
  ],
  [
    'x-amz-checksum-sha256',
    /BadDigest|XAmzContentChecksumMismatch/,
    (sent, other) => [sent, { 'x-amz-checksum-sha256': createHash('sha256').update(other).digest('base64') }],
  ],
  [
    'the trailer',
    /BadDigest/,
    (sent, other) => [awsChunked(sent, `x-amz-checksum-crc32:${base64Crc32(other)}`), chunkedHeaders(sent.length)],
  ],
  [
    'the decoded length',
    /IncompleteBody/,
    (sent) => [awsChunked(sent, `x-amz-checksum-crc32:${base64Crc32(sent)}`), chunkedHeaders(sent.length + 1)],
  ],
];

describeWithEachStore('what is wrong is not stored', (scene) => {
  for (const size of [1_000, 400_000]) {
    for (const [what, code, lie] of LIES) {
      it(`refuses ${size} bytes that are not what ${what} promises`, async () => {
        const sent = randomBytes(size);
        const promised = Buffer.from(sent);
        promised[size - 1]! ^= 1;
        const [body, headers] = lie(sent, promised);
        const key = `lies/${what.replaceAll(' ', '-')}-${size}`;
        const answer = await send(scene().gateway.url, 'PUT', `/${BUCKET}/${key}`, body, headers);
        assert.match(answer.body, /^<\?xml/);
        assert.match(/<Code>(.*?)<\/Code>/.exec(answer.body)?.[1] ?? '', code);
        assert.equal(answer.status, 400);
        await assert.rejects(scene().stored.head(key), { name: 'NotFound' });
      });
    }
  }

  it('keeps the old object where a new one is refused', async () => {
    const key = 'lies/old';
    const old = randomBytes(1000);
    await send(scene().gateway.url, 'PUT', `/${BUCKET}/${key}`, old);
    const answer = await send(scene().gateway.url, 'PUT', `/${BUCKET}/${key}`, randomBytes(400_000), {
      'content-md5': md5(old),
    });
    assert.equal(answer.status, 400);
    assert.equal(await scene().stored.sha256(key), sha256(old));
  });

  for (const chunked of [false, true]) {
    it(`stores nothing of an aborted upload, ${chunked ? 'in chunks' : 'as it is'}`, async () => {
      const key = `broken/${chunked}`;
      const bytes = randomBytes(3_000_000);
      const wire = chunked ? awsChunked(bytes, `x-amz-checksum-crc32:${base64Crc32(bytes)}`) : bytes;
      const headers = Object.entries(chunked ? chunkedHeaders(bytes.length) : {}).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      const client = await RawClient.connect(scene().gateway.url);
      client.write(
        `PUT /${BUCKET}/${key} HTTP/1.1\r\nHost: g\r\nContent-Length: ${wire.length}\r\n${headers.join('')}\r\n`,
      );
      await new Promise((resolve) => client.socket.write(wire.subarray(0, -1), resolve));
      client.destroy();
      const line = await scene().gateway.logged(({ path }) => path === `/${BUCKET}/${key}`);
      assert.equal(line.error_type, 'client_aborted');
      await assert.rejects(scene().stored.head(key), { name: 'NotFound' });
    });
  }

  const misconfigured: [what: string, s3: object, code: string, status: number, type: string][] = [
    ['the store does not know the gateway', { secret_key: 'other' }, 'BadGateway', 502, 'store_refused_gateway'],
    ['the store has no such bucket', { bucket: 'no-such-bucket' }, 'BadGateway', 502, 'store_refused_gateway'],
  ];
  for (const [what, s3, code, status, type] of misconfigured) {
    it(`reports it if ${what}`, async (test) => {
      const gateway = await startGatewayInFront({ storeUrl: scene().store.url, s3 });
      test.after(() => gateway.stop());
      const answer = await send(gateway.url, 'PUT', `/${BUCKET}/misconfigured`, 'x');
      assert.equal(answer.status, status);
      assert.match(answer.body, new RegExp(`<Code>${code}</Code>`));
      assert.equal((await gateway.logged(({ msg }) => msg === 'request')).error_type, type);
      await assert.rejects(scene().stored.head('misconfigured'), { name: 'NotFound' });
    });
  }
});
