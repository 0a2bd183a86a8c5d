import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { AwsChunkedDecoder } from '../../../src/body/aws-chunked.ts';
import type { ChunkSignatures } from '../../../src/domain/identity.ts';
import { chunkChain } from '../../../src/sigv4/chunk-chain.ts';
import { SigningKey } from '../../../src/sigv4/signing-key.ts';
import { chunksOf, type Seed, signedFrames } from '../../support/chunk-signer.ts';

// The examples of the Amazon S3 API Reference: 65 KiB of the letter a, in chunks of 64 KiB and 1 KiB.
//   https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
//   https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
const BODY = Buffer.alloc(66_560, 'a');
const TRAILER = 'x-amz-checksum-crc32c:sOO8/Q==';
const seed = (signature: string): Seed => ({
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  date: '20130524T000000Z',
  region: 'us-east-1',
  signature,
});
const PLAIN_SEED = seed('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9');
const TRAILER_SEED = seed('106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e');
const PLAIN = wireOf(
  [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
  '',
);
const WITH_TRAILER = wireOf(
  [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ],
  `${TRAILER}\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n`,
);

function wireOf(signatures: readonly string[], trailer: string): Buffer {
  const [first, second, last] = signatures;
  const chunk = (size: number, signature: string | undefined): string =>
    `${size.toString(16)};chunk-signature=${signature}\r\n${'a'.repeat(size)}${size > 0 ? '\r\n' : ''}`;
  return Buffer.from(`${chunk(65_536, first) + chunk(1024, second) + chunk(0, last) + trailer}\r\n`);
}

function chainOf({ secretKey, date, region, signature }: Seed): ChunkSignatures {
  const scope = { day: date.slice(0, 8), region, service: 's3' };
  const text = `${scope.day}/${region}/s3/aws4_request`;
  return chunkChain(new SigningKey(secretKey, scope), date, text, signature);
}

function decode(wire: Buffer, signatures: ChunkSignatures, pieceSize = 4096) {
  const pieces: Buffer[] = [];
  const decoder = new AwsChunkedDecoder((bytes) => void pieces.push(bytes), signatures);
  for (let at = 0; at < wire.length; at += pieceSize) decoder.write(wire.subarray(at, at + pieceSize));
  decoder.end();
  return { bytes: Buffer.concat(pieces), trailers: [...decoder.trailers] };
}

/** Holds whatever it is asked for to be right, and remembers it. */
function agreeable(): ChunkSignatures & { asked: string[] } {
  const asked: string[] = [];
  const agree = (sha256: string, signature: string): boolean => asked.push(`${sha256} ${signature}`) > 0;
  return { asked, verifyChunk: agree, verifyTrailer: agree };
}

describe('AwsChunkedDecoder of signed chunks', () => {
  it("decodes AWS's examples, whatever pieces they come in", () => {
    for (const size of [7, 1024, 65_536, 65_627, 100_000]) {
      assert.ok(decode(PLAIN, chainOf(PLAIN_SEED), size).bytes.equals(BODY), `${size}`);
      const { bytes, trailers } = decode(WITH_TRAILER, chainOf(TRAILER_SEED), size);
      assert.ok(bytes.equals(BODY), `${size}`);
      assert.deepEqual(trailers, [['x-amz-checksum-crc32c', 'sOO8/Q==']]);
    }
  });

  it("agrees with the tests' own signer, which AWS's examples prove", () => {
    assert.ok(Buffer.concat(signedFrames(PLAIN_SEED, chunksOf(BODY))).equals(PLAIN));
    assert.ok(Buffer.concat(signedFrames(TRAILER_SEED, chunksOf(BODY), TRAILER)).equals(WITH_TRAILER));
  });

  it('gives the bytes before a chunk has ended, and the last of them only when it holds', () => {
    const [frame] = signedFrames(PLAIN_SEED, [BODY]) as [Buffer];
    frame[frame.length - 3]! ^= 1; // the last byte before CRLF
    let given = 0;
    const decoder = new AwsChunkedDecoder((bytes) => void (given += bytes.length), chainOf(PLAIN_SEED));
    const start = frame.length - 2 - BODY.length;
    decoder.write(frame.subarray(0, start + 10_000));
    assert.equal(given, 10_000);
    decoder.write(frame.subarray(start + 10_000, -3));
    assert.equal(given, BODY.length - 1);
    assert.throws(() => decoder.write(frame.subarray(-3)), { type: 'signature_refused', reason: 'chunk_signature' });
    assert.equal(given, BODY.length - 1);
  });

  it('requests the hash of each chunk, of the end, and of the trailer lines, in this order', () => {
    const signatures = agreeable();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));
    const chunk = Buffer.alloc(8192, 'x').toString();
    const wire = `2000;chunk-signature=${a}\r\n${chunk}\r\n2;chunk-signature=${b}\r\nyz\r\n0;chunk-signature=${c}\r\nX-Amz-Checksum-Crc32:  AAAA \r\nX-Amz-Trailer-Signature:${d}\r\n\r\n`;
    assert.deepEqual(decode(Buffer.from(wire), signatures, 5).trailers, [['x-amz-checksum-crc32', 'AAAA']]);
    const asked = [`${chunk} ${a}`, `yz ${b}`, ` ${c}`, `x-amz-checksum-crc32:AAAA\n ${d}`];
    assert.deepEqual(
      signatures.asked,
      asked.map((text) => {
        const signature = text.slice(-64);
        return `${createHash('sha256').update(text.slice(0, -65)).digest('hex')} ${signature}`;
      }),
    );
  });

  it('takes the trailer as minio-go ends it: with LF and CRLF', () => {
    const wire = Buffer.from(WITH_TRAILER.toString().replace('==\r\n', '==\n\r\n'));
    assert.equal(wire.length, WITH_TRAILER.length + 1);
    for (const size of [1, 65_627]) {
      const { trailers } = decode(wire, chainOf(TRAILER_SEED), size);
      assert.deepEqual(trailers, [['x-amz-checksum-crc32c', 'sOO8/Q==']]);
    }
  });

  it('refuses a body that is truncated at any place', () => {
    const frames = signedFrames(TRAILER_SEED, [Buffer.from('hello')], TRAILER);
    const wire = Buffer.concat(frames);
    for (let length = 0; length < wire.length; length++) {
      const cut = wire.subarray(0, length);
      assert.throws(() => decode(cut, chainOf(TRAILER_SEED)), { type: 'incomplete_body' }, `cut at ${length}`);
    }
    assert.equal(decode(wire, chainOf(TRAILER_SEED)).bytes.toString(), 'hello');
  });

  it('takes chunks of 8 KiB and more, and one smaller as the last', () => {
    for (const sizes of [[8192, 8192, 1], [8192, 100_000], [1], [8191], []]) {
      const chunks = sizes.map((size) => Buffer.alloc(size));
      const wire = Buffer.concat(signedFrames(PLAIN_SEED, chunks));
      assert.equal(decode(wire, chainOf(PLAIN_SEED)).bytes.length, Buffer.concat(chunks).length);
    }
    for (const sizes of [
      [8191, 1],
      [8192, 8191, 8192],
    ]) {
      const chunks = sizes.map((size) => Buffer.alloc(size));
      const wire = Buffer.concat(signedFrames(PLAIN_SEED, chunks));
      assert.throws(() => decode(wire, chainOf(PLAIN_SEED)), { type: 'invalid_chunk', code: 'InvalidChunkSizeError' });
    }
  });

  it('keeps nothing of a chunk that claims to be a gigabyte', () => {
    const piece = Buffer.alloc(64 * 1024);
    let given = 0;
    let copies = 0;
    const decoder = new AwsChunkedDecoder((bytes) => {
      given += bytes.length;
      if (bytes !== piece) copies++;
    }, agreeable());
    decoder.write(Buffer.from(`40000000;chunk-signature=${'0'.repeat(64)}\r\n`));
    for (let i = 0; i < 64; i++) decoder.write(piece);
    assert.equal(given, 64 * piece.length);
    assert.equal(copies, 0);
  });

  const S = '0'.repeat(64);
  const broken: [what: string, wire: string, type: string][] = [
    ['a chunk without signature', '5\r\nhello\r\n', 'invalid_chunk'],
    ['a final chunk without signature', `5;chunk-signature=${S}\r\nhello\r\n0\r\n\r\n`, 'invalid_chunk'],
    ['a short signature', `5;chunk-signature=${S.slice(1)}\r\nhello\r\n`, 'invalid_chunk'],
    ['upper-case hex', `5;chunk-signature=${S.replaceAll('0', 'A')}\r\nhello\r\n`, 'invalid_chunk'],
    ['another extension', `5;signature=${S}\r\nhello\r\n`, 'invalid_chunk'],
    ['two extensions', `5;a=b;chunk-signature=${S}\r\nhello\r\n`, 'invalid_chunk'],
    ['a size that is no number', `-5;chunk-signature=${S}\r\nhello\r\n`, 'invalid_chunk'],
    ['a size beyond 60 bits', `8000000000000000;chunk-signature=${S}\r\n`, 'invalid_chunk'],
    ['bytes after the end', `0;chunk-signature=${S}\r\n\r\nx`, 'invalid_chunk'],
    ['a trailer without signature', `0;chunk-signature=${S}\r\na:b\r\n\r\n`, 'malformed_trailer'],
    [
      'a signature of no trailer',
      `0;chunk-signature=${S}\r\nx-amz-trailer-signature:${S}\r\n\r\n`,
      'malformed_trailer',
    ],
    [
      'a trailer behind the signature',
      `0;chunk-signature=${S}\r\na:b\r\nx-amz-trailer-signature:${S}\r\nc:d\r\n\r\n`,
      'malformed_trailer',
    ],
    ['a chunk line with a bare LF', `0;chunk-signature=${S}\n\r\n`, 'invalid_chunk'],
    ['an end with a bare LF', `0;chunk-signature=${S}\r\n\n`, 'invalid_chunk'],
    [
      'a trailer with a bare LF',
      `0;chunk-signature=${S}\r\na:b\nx-amz-trailer-signature:${S}\r\n\r\n`,
      'malformed_trailer',
    ],
    [
      'the signature of a trailer with a bare LF',
      `0;chunk-signature=${S}\r\na:b\r\nx-amz-trailer-signature:${S}\n\r\n\r\n`,
      'malformed_trailer',
    ],
    [
      'two signatures',
      `0;chunk-signature=${S}\r\na:b\r\nx-amz-trailer-signature:${S}\r\nx-amz-trailer-signature:${S}\r\n\r\n`,
      'malformed_trailer',
    ],
  ];
  for (const [what, wire, type] of broken) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decode(Buffer.from(wire), agreeable(), 5), { name: 'Failure', type });
    });
  }
});
