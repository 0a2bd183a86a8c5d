import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { SignedChunks } from '../../../src/body/signed-chunks.ts';
import { chunkSigner } from '../../../src/sigv4/chunk-chain.ts';
import { SigningKey } from '../../../src/sigv4/signing-key.ts';
import { chunksOf, signedFrames } from '../../support/chunk-signer.ts';

const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const DATE = '20130524T000000Z';
const SCOPE = { day: '20130524', region: 'us-east-1', service: 's3' };
const SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
const signer = () => chunkSigner(new SigningKey(SECRET_KEY, SCOPE), DATE, '20130524/us-east-1/s3/aws4_request', SEED);

/** @param begin called with the stream once the pieces are on their way. */
async function encode(
  pieces: readonly Buffer[],
  length: number,
  begin: (stream: SignedChunks) => void,
  trailer?: string,
): Promise<Buffer> {
  const stream = new SignedChunks(length, trailer === undefined ? undefined : () => trailer);
  const encoded: Buffer[] = [];
  const done = pipeline(Readable.from(pieces), stream, async (source) => {
    for await (const bytes of source) encoded.push(bytes as Buffer);
  });
  begin(stream);
  await done;
  assert.equal(stream.readBytes, SignedChunks.encodedLength(length, trailer?.length));
  return Buffer.concat(encoded);
}
const signedAtOnce = (stream: SignedChunks): void => stream.signWith(signer());

describe('SignedChunks', () => {
  // Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks".
  it('writes the example of the Amazon S3 API Reference', async () => {
    const letters = Buffer.from('a'.repeat(66_560));
    assert.equal(SignedChunks.encodedLength(66_560), 66_824);
    const frames = [
      '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n',
      letters.subarray(0, 65_536),
      '\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n',
      letters.subarray(65_536),
      '\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
    ];
    const expected = Buffer.concat(frames.map((frame) => Buffer.from(frame)));
    for (const pieces of [[letters], [letters.subarray(0, 65_535), letters.subarray(65_535)]])
      assert.ok((await encode(pieces, 66_560, signedAtOnce)).equals(expected));
  });

  for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    it(`writes ${size} bytes as another writer does, whatever the pieces, and whenever the key comes`, async () => {
      const bytes = randomBytes(size);
      const seed = { secretKey: SECRET_KEY, date: DATE, region: 'us-east-1', signature: SEED };
      const expected = Buffer.concat(signedFrames(seed, chunksOf(bytes)));
      assert.equal(SignedChunks.encodedLength(size), expected.length);
      for (const piece of [1000, 65_536, 1_000_000]) {
        const later = (stream: SignedChunks): void => void setImmediate(() => stream.signWith(signer()));
        assert.ok((await encode(chunksOf(bytes, piece), size, later)).equals(expected));
      }
    });
  }

  it('writes a trailer and its signature as another writer does', async () => {
    const bytes = randomBytes(70_000);
    const trailer = 'x-amz-checksum-crc32c:sOO8/Q==';
    const seed = { secretKey: SECRET_KEY, date: DATE, region: 'us-east-1', signature: SEED };
    const expected = Buffer.concat(signedFrames(seed, chunksOf(bytes), trailer));
    assert.equal(SignedChunks.encodedLength(bytes.length, trailer.length), expected.length);
    assert.ok((await encode([bytes], bytes.length, signedAtOnce, trailer)).equals(expected));
  });

  it('fails if there are more bytes than were declared', async () => {
    await assert.rejects(encode([Buffer.from('four')], 3, signedAtOnce), RangeError);
  });
});
