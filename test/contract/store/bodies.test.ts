import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { awsChunked, type RawClient } from '../../support/http-client.ts';
import { sha256 } from './independent-signer.ts';
import { BUCKET, useStore } from './running-store.ts';

const base64Crc32 = (bytes: Buffer): string => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
};
const BODY = randomBytes(200_000);
const OTHER = Buffer.from(BODY.map((byte, i) => (i === BODY.length - 1 ? byte ^ 1 : byte)));
const CRC = base64Crc32(BODY);
const STREAMING = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

describe('the store and bodies', () => {
  const running = useStore();
  // What must be refused is sent to the key `refused`, and nothing else is.
  const putHead = (payloadHash: string, headers: Record<string, string>, key = 'refused') =>
    running.sendHead({ method: 'PUT', path: `/${BUCKET}/${key}`, payloadHash, headers });
  const trailerHead = (more: Record<string, string>, key?: string) => {
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(BODY.length),
      'x-amz-trailer': 'x-amz-checksum-crc32',
      ...more,
    };
    return putHead(STREAMING, headers, key);
  };
  /** Sends in HTTP's own chunks, then waits for the answer. */
  const sendChunked = async (socket: RawClient, wire: Buffer): Promise<string> => {
    for (let at = 0; at < wire.length; at += 70_000) {
      const piece = wire.subarray(at, at + 70_000);
      socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
    }
    socket.write('0\r\n\r\n');
    return (await socket.until(/^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n(?:[\s\S]*<Code>(\w+)<|$)/))
      .slice(1, 3)
      .join(' ')
      .trim();
  };
  const sendPlain = async (socket: RawClient, body: Buffer): Promise<string> => {
    socket.write(body);
    return (await socket.until(/^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n(?:[\s\S]*<Code>(\w+)<|$)/))
      .slice(1, 3)
      .join(' ')
      .trim();
  };
  const assertRefused = async (answer: string, expected: string): Promise<void> => {
    assert.equal(answer, expected);
    await running.assertAbsent('refused');
    await running.assertNothingTemporary();
  };
  const length = { 'content-length': String(BODY.length) };

  describe('in one piece', () => {
    const promises: [string, string, Record<string, string>, string][] = [
      ['the hash of the payload', sha256(BODY), {}, 'XAmzContentSHA256Mismatch'],
      [
        'Content-MD5',
        'UNSIGNED-PAYLOAD',
        { 'content-md5': createHash('md5').update(BODY).digest('base64') },
        'BadDigest',
      ],
      ['a checksum header', 'UNSIGNED-PAYLOAD', { 'x-amz-checksum-crc32': CRC }, 'BadDigest'],
    ];
    for (const [what, hash, headers, code] of promises) {
      it(`refuses one changed bit by ${what}`, async () => {
        await assertRefused(await sendPlain(await putHead(hash, { ...length, ...headers }), OTHER), `400 ${code}`);
      });
    }

    it('takes an unsigned payload as it is', async () => {
      assert.equal(await sendPlain(await putHead('UNSIGNED-PAYLOAD', length, 'taken'), BODY), '200');
      assert.ok((await running.contentOf('taken')).equals(BODY));
    });

    const heads: [string, string, Record<string, string>, string][] = [
      ['no length', 'UNSIGNED-PAYLOAD', {}, '411 MissingContentLength'],
      ['no length, in HTTP chunks', 'UNSIGNED-PAYLOAD', { 'transfer-encoding': 'chunked' }, '411 MissingContentLength'],
      ['too great a length', 'UNSIGNED-PAYLOAD', { 'content-length': '5368709121' }, '400 EntityTooLarge'],
      ['an MD5 that is none', 'UNSIGNED-PAYLOAD', { ...length, 'content-md5': 'AAAA' }, '400 InvalidDigest'],
      ['a checksum that is none', sha256(''), { ...length, 'x-amz-checksum-crc32': 'AAAA' }, '400 InvalidRequest'],
      [
        'two checksums',
        sha256(''),
        { ...length, 'x-amz-checksum-crc32': CRC, 'x-amz-checksum-sha1': 'A' },
        '400 InvalidRequest',
      ],
      ['an unknown checksum', sha256(''), { ...length, 'x-amz-checksum-xxhash64': 'AAAA' }, '501 NotImplemented'],
      [
        'chunks that nobody announced',
        sha256(''),
        { ...length, 'content-encoding': 'gzip, aws-chunked' },
        '400 InvalidRequest',
      ],
      [
        'chunks signed with a key that this store has not',
        'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
        { ...length, 'x-amz-decoded-content-length': '1' },
        '501 NotImplemented',
      ],
      ['an unknown kind of body', 'STREAMING-SOMETHING', length, '501 NotImplemented'],
      ['no word for the body', 'nothing', length, '400 InvalidArgument'],
    ];
    for (const [what, hash, headers, expected] of heads) {
      it(`refuses ${what}`, async () => {
        await assertRefused(await sendPlain(await putHead(hash, headers), Buffer.alloc(0)), expected);
      });
    }
  });

  describe('in aws-chunked coding with a trailer', () => {
    const good = awsChunked(BODY, `x-amz-checksum-crc32:${CRC}`);

    it('takes it inside HTTP chunks and with a Content-Length', async () => {
      const inChunks = await trailerHead({ 'transfer-encoding': 'chunked' }, 'in-chunks');
      assert.equal(await sendChunked(inChunks, good), '200');
      assert.ok((await running.contentOf('in-chunks')).equals(BODY));
      const plain = await trailerHead({ 'content-length': String(good.length) }, 'plain');
      assert.equal(await sendPlain(plain, good), '200');
      assert.ok((await running.contentOf('plain')).equals(BODY));
    });

    const bad: [string, Buffer, string][] = [
      ['one changed bit', awsChunked(OTHER, `x-amz-checksum-crc32:${CRC}`), 'BadDigest'],
      ['a changed trailer', awsChunked(BODY, `x-amz-checksum-crc32:${base64Crc32(OTHER)}`), 'BadDigest'],
      ['another trailer', awsChunked(BODY, `x-amz-checksum-crc32c:${CRC}`), 'MalformedTrailerError'],
      [
        'no trailer',
        Buffer.concat([good.subarray(0, good.indexOf('x-amz-checksum')), Buffer.from('\r\n')]),
        'MalformedTrailerError',
      ],
      [
        'the trailer twice',
        awsChunked(BODY, `x-amz-checksum-crc32:${CRC}\r\nx-amz-checksum-crc32:${CRC}`),
        'MalformedTrailerError',
      ],
      ['a cut before the final chunk', good.subarray(0, good.indexOf('0\r\nx-amz-checksum')), 'IncompleteBody'],
      ['a cut inside the trailer', good.subarray(0, -1), 'IncompleteBody'],
      [
        'a short body',
        awsChunked(BODY.subarray(1), `x-amz-checksum-crc32:${base64Crc32(BODY.subarray(1))}`),
        'IncompleteBody',
      ],
      ['a long body', awsChunked(Buffer.concat([BODY, BODY]), `x-amz-checksum-crc32:${CRC}`), 'IncompleteBody'],
      ['bytes behind the end', Buffer.concat([good, Buffer.from('0\r\n\r\n')]), 'InvalidChunkSizeError'],
      ['a chunk size that is none', Buffer.concat([Buffer.from('xyz\r\n'), good]), 'InvalidChunkSizeError'],
      ['the bytes without framing', BODY, 'InvalidChunkSizeError'],
    ];
    for (const [what, wire, code] of bad) {
      it(`refuses ${what}`, async () => {
        const answer = await sendChunked(await trailerHead({ 'transfer-encoding': 'chunked' }), wire);
        await assertRefused(answer, `400 ${code}`);
      });
    }

    it('refuses headers without the decoded length or the name of the trailer', async () => {
      const encoding = { 'transfer-encoding': 'chunked', 'content-encoding': 'aws-chunked' };
      const noLength = await putHead(STREAMING, { ...encoding, 'x-amz-trailer': 'x-amz-checksum-crc32' });
      await assertRefused(await sendChunked(noLength, good), '411 MissingContentLength');
      const noName = await putHead(STREAMING, { ...encoding, 'x-amz-decoded-content-length': String(BODY.length) });
      await assertRefused(await sendChunked(noName, good), '400 MalformedTrailerError');
    });
  });

  describe('that do not arrive', () => {
    for (const framing of ['plain', 'aws-chunked'] as const) {
      it(`keeps nothing when the client dies half way (${framing})`, async () => {
        const wire = framing === 'plain' ? BODY : awsChunked(BODY, `x-amz-checksum-crc32:${CRC}`);
        const half = wire.subarray(0, wire.length / 2);
        const halfCame = Promise.withResolvers<void>();
        const turn = async (bytes: number) => void (bytes === half.length && halfCame.resolve());
        running.faults.add({ fault: { kind: 'slow-read', turn } });
        const declared = { 'content-length': String(wire.length) };
        const socket = await (framing === 'plain' ? putHead('UNSIGNED-PAYLOAD', declared) : trailerHead(declared));
        socket.write(half);
        await halfCame.promise;
        const record = running.requests[0]!;
        socket.destroy();
        await record.over;
        assert.equal(record.bytes, half.length);
        assert.equal(record.complete, false);
        assert.equal(record.status, undefined);
        await running.assertAbsent('refused');
        await running.assertNothingTemporary();
      });
    }
  });

  describe('that wait for 100 Continue', () => {
    const expecting = (payloadHash: string, headers: Record<string, string>) =>
      running.sendHead(
        { method: 'PUT', path: `/${BUCKET}/expected`, payloadHash, headers },
        { expect: '100-continue' },
      );

    it('requests a body that it will accept', async () => {
      const socket = await expecting(sha256(BODY), length);
      await socket.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      socket.write(BODY);
      await socket.until(/HTTP\/1\.1 200 OK/);
      assert.ok((await running.contentOf('expected')).equals(BODY));
    });

    it('refuses without 100 Continue, and closes the connection', async () => {
      const socket = await expecting(sha256(BODY), { ...length, 'if-none-match': '*' });
      const answer = await socket.closed();
      assert.match(answer, /^HTTP\/1\.1 412 /);
      assert.match(answer, /connection: close/i);
      assert.equal(running.requests.at(-1)?.bytes, 0);
    });
  });

  for (const when of ['before its body', 'in the middle of its body'] as const) {
    it(`sends a refusal to a client that goes on sending, and serves its next request: ${when}`, async () => {
      const body = Buffer.alloc(4 * 1024 * 1024, 'no chunk size');
      const headers = { 'content-length': String(body.length), 'x-amz-decoded-content-length': '1' };
      const path = when === 'before its body' ? '/not-there/k' : `/${BUCKET}/refused`;
      const trailer = { 'x-amz-trailer': 'x-amz-checksum-crc32' };
      const request = { method: 'PUT', path, payloadHash: STREAMING, headers: { ...headers, ...trailer } };
      const socket = await running.sendHead(request);
      if (when === 'before its body') await socket.until(/NoSuchBucket/);
      socket.write(body);
      await socket.until(when === 'before its body' ? /NoSuchBucket/ : /InvalidChunkSizeError/);
      socket.received = '';
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      await socket.until(/^HTTP\/1\.1 403 [\s\S]*AccessDenied/);
    });
  }

  it('refuses bytes behind an operation that takes none', async () => {
    const remove = {
      method: 'DELETE',
      path: `/${BUCKET}/k`,
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers: { 'content-length': '1' },
    };
    assert.equal(await sendPlain(await running.sendHead(remove), Buffer.from('x')), '400 InvalidRequest');
  });

  it('responds with an S3 error to bytes other than HTTP, and to targets other than paths', async () => {
    for (const [bytes, code] of [
      ['NONSENSE\r\n\r\n', 'BadRequest'],
      ['GET http://x/b/k HTTP/1.1\r\nhost: x\r\n\r\n', 'InvalidURI'],
      ['GET /test-bucket/%zz HTTP/1.1\r\nhost: x\r\n\r\n', 'InvalidURI'],
      ['GET /test-bucket/%ff HTTP/1.1\r\nhost: x\r\n\r\n', 'InvalidURI'],
    ] as const) {
      const socket = await running.connect();
      socket.write(bytes);
      await socket.until(new RegExp(`^HTTP/1\\.1 400 [\\s\\S]*x-amz-request-id: [\\s\\S]*<Code>${code}<`));
    }
  });
});
