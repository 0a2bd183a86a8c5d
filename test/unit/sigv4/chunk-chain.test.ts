import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ChunkSignatures } from '../../../src/domain/identity.ts';
import { isSameSignature } from '../../../src/sigv4/chunk-chain.ts';
import { SigningKeys } from '../../../src/sigv4/signing-key.ts';
import { type RequestToVerify, verifyRequest } from '../../../src/sigv4/verify.ts';

// The examples of the Amazon S3 API Reference: 65 KiB of the letter a, in chunks of 64 KiB and 1 KiB.
//   https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
//   https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const NOW = Date.parse('2013-05-24T00:00:00Z');
const SHA256 = [65_536, 1024, 0].map((size) => sha256('a'.repeat(size)));

const STREAMING = {
  headers: {
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'content-length': '66824',
  },
  seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  chunks: [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
};
const { 'content-length': _, ...unmeasured } = STREAMING.headers;
const WITH_TRAILER = {
  headers: {
    ...unmeasured,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-trailer': 'x-amz-checksum-crc32c',
  },
  seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ],
};
const TRAILER = 'x-amz-checksum-crc32c:sOO8/Q==\n';
const TRAILER_SIGNATURE = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What the verified head of an example gives for its body. */
function chainOf({ headers, seed }: { headers: Record<string, string>; seed: string }): ChunkSignatures {
  const names = Object.keys(headers).sort().join(';');
  const credential = `${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${names},Signature=${seed}`;
  const request: RequestToVerify = {
    method: 'PUT',
    path: '/examplebucket/chunkObject.txt',
    query: [],
    received: { ...headers, authorization },
  };
  const verdict = verifyRequest(request, () => ({ keys: new SigningKeys(SECRET_KEY) }), NOW);
  assert.ok(verdict.accepted, JSON.stringify(verdict));
  assert.ok(verdict.chunks);
  return verdict.chunks;
}

describe('the chain of chunk signatures', () => {
  for (const [name, example] of Object.entries({ STREAMING, WITH_TRAILER })) {
    it(`verifies AWS's example ${name}, from the headers to the last chunk`, () => {
      const chain = chainOf(example);
      for (const [i, signature] of example.chunks.entries())
        assert.ok(chain.verifyChunk(SHA256[i]!, signature), `${i}`);
    });

    it(`fails if a chunk of ${name} is not the signed one`, () => {
      const chain = chainOf(example);
      const [first, second, last] = example.chunks as [string, string, string];
      const wrong: [what: string, sha256: string, signature: string][] = [
        ['other bytes', SHA256[1]!, first],
        ['a chunk moved forward', SHA256[1]!, second],
        ['the end too early', SHA256[2]!, last],
        ['no signature', SHA256[0]!, ''],
        ['the seed', SHA256[0]!, example.seed],
        ['upper-case hex', SHA256[0]!, first.toUpperCase()],
        ['a signature and more', SHA256[0]!, `${first}0`],
        ['a changed signature', SHA256[0]!, first.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))],
      ];
      for (const [what, hash, signature] of wrong) assert.equal(chain.verifyChunk(hash, signature), false, what);
      assert.ok(chain.verifyChunk(SHA256[0]!, first));
      assert.equal(chain.verifyChunk(SHA256[0]!, first), false, 'a chunk repeated');
    });
  }

  it("verifies AWS's example of a trailer, which is signed after the last chunk", () => {
    const chain = chainOf(WITH_TRAILER);
    for (const [i, signature] of WITH_TRAILER.chunks.entries()) {
      assert.equal(chain.verifyTrailer(sha256(TRAILER), TRAILER_SIGNATURE), false);
      assert.ok(chain.verifyChunk(SHA256[i]!, signature));
    }
    assert.equal(chain.verifyTrailer(sha256(TRAILER.replace('s', 't')), TRAILER_SIGNATURE), false);
    assert.equal(chain.verifyChunk(sha256(TRAILER), TRAILER_SIGNATURE), false);
    assert.ok(chain.verifyTrailer(sha256(TRAILER), TRAILER_SIGNATURE));
  });

  it('rejects a chunk of another request', () => {
    assert.equal(chainOf(STREAMING).verifyChunk(SHA256[0]!, WITH_TRAILER.chunks[0]!), false);
  });
});

describe('isSameSignature', () => {
  it('compares whole strings of any content', () => {
    assert.ok(isSameSignature('ab', 'ab'));
    for (const other of ['', 'a', 'abc', 'aB', 'a\u0162', '\u0161b']) assert.equal(isSameSignature(other, 'ab'), false);
  });
});
