import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { chunksOf, type Seed, signedFrames } from '../support/chunk-signer.ts';
import { AUTH, type ChunkUpload, codeOf, sendChunks, trailerOf } from '../support/chunk-uploads.ts';
import { type Answer, awsChunked, chunkedHeaders, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const flipLast = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1]! ^= 1;
  return copy;
};

describe('forged chunks', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url, auth: AUTH });
  });
  beforeEach(() => {
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const upload = (kind: ChunkUpload, wire: (seed: Seed) => readonly Buffer[]): Promise<Answer> =>
    sendChunks(gateway.url, kind, wire);
  const assertNothingStored = async (): Promise<void> => {
    for (const request of store.requests) {
      await request.over;
      assert.equal(request.complete, false);
    }
  };

  type Attack = [what: string, code: string, wire: (seed: Seed, chunks: Buffer[]) => readonly Buffer[]];
  const attacks: Attack[] = [
    [
      'chunks in another order',
      '403 SignatureDoesNotMatch',
      (seed, chunks) => signedFrames(seed, chunks).map((frame, i, all) => (i < 2 ? all[1 - i]! : frame)),
    ],
    [
      'a chunk replayed',
      '403 SignatureDoesNotMatch',
      (seed, chunks) => signedFrames(seed, chunks).map((frame, i, all) => (i === 1 ? all[0]! : frame)),
    ],
    [
      'chunks of another request',
      '403 SignatureDoesNotMatch',
      (seed, chunks) => signedFrames({ ...seed, signature: '1'.repeat(64) }, chunks),
    ],
    [
      'a chunk of another key',
      '403 SignatureDoesNotMatch',
      (seed, chunks) => signedFrames({ ...seed, secretKey: 'another' }, chunks),
    ],
    [
      'one flipped bit in the last chunk',
      '403 SignatureDoesNotMatch',
      (seed, chunks) => {
        const forged = signedFrames(seed, chunks.with(-1, flipLast(chunks.at(-1)!)));
        const frames = signedFrames(seed, chunks);
        const line = frames.at(-2)!.indexOf('\n');
        const flipped = Buffer.concat([frames.at(-2)!.subarray(0, line), forged.at(-2)!.subarray(line)]);
        return frames.with(-2, flipped);
      },
    ],
    [
      'a wrong signature at the very end',
      '403 SignatureDoesNotMatch',
      (seed, chunks) => signedFrames(seed, chunks).with(-1, Buffer.from(`0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`)),
    ],
    ['no final chunk', '400 IncompleteBody', (seed, chunks) => signedFrames(seed, chunks).slice(0, -1)],
    [
      'half a final chunk',
      '400 IncompleteBody',
      (seed, chunks) => [...signedFrames(seed, chunks).slice(0, -1), Buffer.from('0;chunk-sig')],
    ],
    [
      'an unsigned final chunk',
      '400 InvalidChunkSizeError',
      (seed, chunks) => signedFrames(seed, chunks).with(-1, Buffer.from('0\r\n\r\n')),
    ],
    [
      'bytes after the end',
      '400 InvalidChunkSizeError',
      (seed, chunks) => [...signedFrames(seed, chunks), Buffer.from('x')],
    ],
    [
      'a byte less than declared',
      '400 IncompleteBody',
      (seed, chunks) => signedFrames(seed, chunks.with(-1, chunks.at(-1)!.subarray(1))),
    ],
    [
      'more than declared',
      '400 IncompleteBody',
      (seed, chunks) => signedFrames(seed, chunks.with(-1, Buffer.concat([chunks.at(-1)!, Buffer.from('x')]))),
    ],
    [
      'a trailer that nobody announced',
      '400 MalformedTrailerError',
      (seed, chunks) => signedFrames(seed, chunks, trailerOf(Buffer.concat(chunks))),
    ],
    ['no chunks at all', '400 InvalidChunkSizeError', (_, chunks) => chunks],
    [
      'chunks that are not signed',
      '400 InvalidChunkSizeError',
      (_, chunks) => [awsChunked(Buffer.concat(chunks), 'a:b')],
    ],
  ];
  const changing = (change: (end: string) => string): Attack[2] => {
    return (seed, chunks) => {
      const frames = signedFrames(seed, chunks, trailerOf(Buffer.concat(chunks)));
      return frames.with(-1, Buffer.from(change(frames.at(-1)!.toString())));
    };
  };
  const trailerAttacks: Attack[] = [
    ['a changed trailer', '403 SignatureDoesNotMatch', changing((end) => end.replace(/crc32:.{6}/, 'crc32:AAAAAA'))],
    [
      'a trailer of another name, signed',
      '400 MalformedTrailerError',
      (seed, chunks) => signedFrames(seed, chunks, 'x-amz-checksum-crc32c:AAAAAA=='),
    ],
    [
      'a trailer of another name, not signed',
      '403 SignatureDoesNotMatch',
      changing((end) => end.replace('crc32:', 'crc32c:')),
    ],
    ['no trailer', '400 MalformedTrailerError', (seed, chunks) => signedFrames(seed, chunks)],
    [
      'a trailer without its signature',
      '400 MalformedTrailerError',
      changing((end) => end.replace(/x-amz-trailer-signature:.*\r\n/, '')),
    ],
    [
      'a signature without its trailer',
      '400 MalformedTrailerError',
      changing((end) => end.replace(/x-amz-checksum-.*\r\n/, '')),
    ],
    [
      'one trailer more, signed',
      '400 MalformedTrailerError',
      (seed, chunks) => signedFrames(seed, chunks, `${trailerOf(Buffer.concat(chunks))}\nx-amz-meta-a:b`),
    ],
    ['half a trailer', '400 IncompleteBody', changing((end) => end.slice(0, -10))],
    [
      'a checksum of other bytes, signed',
      '400 BadDigest',
      (seed, chunks) => signedFrames(seed, chunks, trailerOf(Buffer.from('other'))),
    ],
  ];
  const bodies: [size: number, chunkSize: number][] = [
    [20_000, 8192],
    [400_000, 65_536],
  ];
  for (const [size, chunkSize] of bodies) {
    for (const trailer of [false, true]) {
      for (const [what, code, wire] of trailer ? trailerAttacks : attacks) {
        it(`refuses ${size} bytes with ${what}, and the store never sees a whole request`, async () => {
          const chunks = chunksOf(randomBytes(size), chunkSize);
          const answer = await upload({ length: size, trailer }, (seed) => wire(seed, chunks));
          assert.equal(codeOf(answer), code, answer.body);
          await assertNothingStored();
        });
      }
    }
  }

  it('logs which signature was wrong, and does not tell the client', async () => {
    const wire = (seed: Seed) => signedFrames({ ...seed, secretKey: 'another' }, [Buffer.from('hello')]);
    const answer = await upload({ length: 5 }, wire);
    assert.doesNotMatch(answer.body, /chunk_signature/);
    const line = gateway.log.findLast(({ message }) => message === 'request');
    assert.equal(line?.error_type, 'signature_refused');
    assert.equal(line.error_reason, 'chunk_signature');
  });

  it('refuses small chunks that are not the last', async () => {
    const body = randomBytes(20_000);
    const answer = await upload({ length: body.length }, (seed) => signedFrames(seed, chunksOf(body, 8191)));
    assert.equal(codeOf(answer), '400 InvalidChunkSizeError');
    assert.equal(store.requests.length, 0);
  });

  it('does not believe in a chunk of a gigabyte that is longer than the object', async () => {
    const wire = Buffer.concat([Buffer.from(`40000000;chunk-signature=${'0'.repeat(64)}\r\n`), Buffer.alloc(100_000)]);
    const answer = await upload({ length: 90_000 }, () => [wire]);
    assert.equal(codeOf(answer), '400 IncompleteBody');
    await assertNothingStored();
  });
});

describe('forged chunks without signatures', () => {
  const SIZE = 400_000;
  const object = randomBytes(SIZE);
  const valid = (trailer = trailerOf(object)): Buffer => awsChunked(object, trailer);
  /** From this index on, the final chunk and the trailer. */
  const end = valid().lastIndexOf('\r\n0\r\n') + 2;
  const changed = (at: number, byte: (old: number) => number): Buffer => {
    const wire = valid();
    wire[at] = byte(wire[at]!);
    return wire;
  };
  const ATTACKS: readonly [what: string, code: string, wire: Buffer][] = [
    ['one flipped bit in the first chunk', '400 BadDigest', changed(1_000, (old) => old ^ 1)],
    ['one flipped bit in the last chunk', '400 BadDigest', changed(end - 3, (old) => old ^ 1)],
    ['a checksum of other bytes', '400 BadDigest', valid(trailerOf(Buffer.from('other')))],
    ['a chunk that is longer than it says', '400 InvalidChunkSizeError', changed(4, () => 0x31)],
    ['no final chunk', '400 IncompleteBody', valid().subarray(0, end)],
    ['half a trailer', '400 IncompleteBody', valid().subarray(0, -10)],
    ['no trailer', '400 MalformedTrailerError', Buffer.concat([valid().subarray(0, end), Buffer.from('0\r\n\r\n')])],
    ['a trailer of another name', '400 MalformedTrailerError', valid('x-amz-checksum-crc32c:AAAAAA==')],
    ['one trailer more', '400 MalformedTrailerError', valid(`${trailerOf(object)}\r\nx-amz-meta-a:b`)],
    ['bytes after the end', '400 InvalidChunkSizeError', Buffer.concat([valid(), Buffer.from('x')])],
    ['no chunks at all', '400 InvalidChunkSizeError', object],
  ];
  for (const way of ['auto', 'stream']) {
    describe(`with upload.way ${way}`, () => {
      let store: RawStore;
      let gateway: TestGateway;
      before(async () => {
        store = await RawStore.start();
        gateway = await startGateway({ storeUrl: store.url, upload: { way } });
      });
      after(async () => {
        await gateway.close();
        await store.close();
      });
      for (const [what, code, wire] of ATTACKS) {
        it(`refuses ${what}, and the store never sees a whole request`, async () => {
          const answer = await send(gateway.url, 'PUT', '/uploads/k', wire, chunkedHeaders(SIZE));
          assert.equal(codeOf(answer), code, answer.body);
          for (const request of store.requests.splice(0)) {
            await request.over;
            assert.equal(request.complete, false);
          }
        });
      }

      it('accepts them unchanged', async () => {
        const { status } = await send(gateway.url, 'PUT', '/uploads/k', valid(), chunkedHeaders(SIZE));
        assert.equal(status, 200);
      });
    });
  }
});
