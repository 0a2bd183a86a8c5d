import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { chunksOf, type Seed, seedOf, signedFrames } from '../../support/chunk-signer.ts';
import type { RawClient } from '../../support/http-client.ts';
import { headText, SECRET_KEY, signHeaders } from './independent-signer.ts';
import { BUCKET, useStore } from './running-store.ts';

const BODY = randomBytes(150_000);
const OTHER = Buffer.from(BODY.map((byte, i) => (i === BODY.length - 1 ? byte ^ 1 : byte)));
const CRC = Buffer.alloc(4);
CRC.writeUInt32BE(crc32(BODY));
const TRAILER = `x-amz-checksum-crc32:${CRC.toString('base64')}`;
const ANNOUNCED = { 'x-amz-trailer': 'x-amz-checksum-crc32' };

describe('the store and signed chunks', () => {
  const running = useStore();
  /** Sends a head whose word for the body is `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, with -TRAILER where one is announced. */
  const sendHead = async (key: string, more: Record<string, string> = {}): Promise<[RawClient, Seed]> => {
    const path = `/${BUCKET}/${key}`;
    const payloadHash = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${'x-amz-trailer' in more ? '-TRAILER' : ''}`;
    const headers = { 'x-amz-decoded-content-length': String(BODY.length), 'content-encoding': 'aws-chunked', ...more };
    const signed = await signHeaders({ method: 'PUT', path, payloadHash, headers }, running.host);
    const socket = await running.connect();
    socket.write(headText('PUT', path, { ...signed, 'transfer-encoding': 'chunked' }));
    return [socket, seedOf(signed, SECRET_KEY)];
  };
  /** Sends it in HTTP's own chunks. @returns status and S3 code. */
  const answerTo = async (socket: RawClient, wire: Buffer): Promise<string> => {
    for (const piece of chunksOf(wire, 50_000)) {
      socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
    }
    socket.write('0\r\n\r\n');
    const match = await socket.until(/^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n(?:[\s\S]*<Code>(\w+)<|$)/);
    return match.slice(1, 3).join(' ').trim();
  };

  it('takes them, with and without a trailer', async () => {
    const [plain, seed] = await sendHead('plain');
    assert.equal(await answerTo(plain, Buffer.concat(signedFrames(seed, chunksOf(BODY)))), '200');
    assert.ok((await running.contentOf('plain')).equals(BODY));
    const [trailing, other] = await sendHead('trailer', ANNOUNCED);
    assert.equal(await answerTo(trailing, Buffer.concat(signedFrames(other, chunksOf(BODY), TRAILER))), '200');
    assert.ok((await running.contentOf('trailer')).equals(BODY));
    assert.ok(trailing.received.includes(`x-amz-checksum-crc32: ${CRC.toString('base64')}`));
  });

  const frames = (seed: Seed, body = BODY): Buffer[] => signedFrames(seed, chunksOf(body));
  const bad: [what: string, wire: (seed: Seed) => Buffer[], expected: string][] = [
    ['one changed bit', (seed) => frames(seed).toSpliced(2, 1, frames(seed, OTHER)[2]!), '403 SignatureDoesNotMatch'],
    ['another secret', (seed) => frames({ ...seed, secretKey: 'another' }), '403 SignatureDoesNotMatch'],
    ['another request', (seed) => frames({ ...seed, signature: '0'.repeat(64) }), '403 SignatureDoesNotMatch'],
    ['chunks in another order', (seed) => [1, 0, 2, 3].map((i) => frames(seed)[i]!), '403 SignatureDoesNotMatch'],
    ['a chunk twice', (seed) => frames(seed).toSpliced(1, 0, frames(seed)[0]!), '403 SignatureDoesNotMatch'],
    ['no end', (seed) => frames(seed).slice(0, -1), '400 IncompleteBody'],
    ['a chunk left out', (seed) => frames(seed, BODY.subarray(65_536)), '400 IncompleteBody'],
    [
      'a trailer that nobody announced',
      (seed) => signedFrames(seed, chunksOf(BODY), TRAILER),
      '400 MalformedTrailerError',
    ],
    ['small chunks', (seed) => signedFrames(seed, chunksOf(BODY, 8191)), '400 InvalidChunkSizeError'],
  ];
  for (const [what, wire, expected] of bad) {
    it(`refuses ${what}`, async () => {
      const [socket, seed] = await sendHead('refused');
      assert.equal(await answerTo(socket, Buffer.concat(wire(seed))), expected);
      await running.assertAbsent('refused');
      await running.assertNothingTemporary();
    });
  }

  const badTrailers: [what: string, change: (wire: string) => string, expected: string][] = [
    ['no signature', (wire) => wire.replace(/x-amz-trailer-signature:.*\r\n/, ''), '400 MalformedTrailerError'],
    ['another value', (wire) => wire.replace(TRAILER, 'x-amz-checksum-crc32:AAAAAA=='), '403 SignatureDoesNotMatch'],
    ['another name', (wire) => wire.replace('checksum-crc32:', 'checksum-sha1:'), '403 SignatureDoesNotMatch'],
  ];
  for (const [what, change, expected] of badTrailers) {
    it(`refuses a trailer with ${what}`, async () => {
      const [socket, seed] = await sendHead('refused', ANNOUNCED);
      const whole = Buffer.concat(signedFrames(seed, chunksOf(BODY), TRAILER)).toString('latin1');
      assert.equal(await answerTo(socket, Buffer.from(change(whole), 'latin1')), expected);
      await running.assertAbsent('refused');
      await running.assertNothingTemporary();
    });
  }
});
