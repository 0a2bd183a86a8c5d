import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AwsChunkedDecoder, AwsChunkedEncoder } from '../../../src/body/aws-chunked.ts';
import { Failure } from '../../../src/domain/failure.ts';

function decode(wire: Buffer, pieceSize: number): { bytes: Buffer; trailers: Map<string, string> } {
  const pieces: Buffer[] = [];
  const decoder = new AwsChunkedDecoder((bytes) => void pieces.push(bytes));
  for (let at = 0; at < wire.length; at += pieceSize) decoder.write(wire.subarray(at, at + pieceSize));
  decoder.end();
  return { bytes: Buffer.concat(pieces), trailers: decoder.trailers };
}

describe('AwsChunkedDecoder', () => {
  // As the AWS SDK for JavaScript sends it.
  const wire = Buffer.from('5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n');

  it('gives the same bytes and trailers whatever pieces they come in', () => {
    for (let size = 1; size <= wire.length; size++) {
      const { bytes, trailers } = decode(wire, size);
      assert.equal(bytes.toString(), 'hello world');
      assert.deepEqual([...trailers], [['x-amz-checksum-crc32', 'DUoRhQ==']]);
    }
  });

  it('keeps no piece: its memory may be used again for the next one', () => {
    for (let size = 1; size <= wire.length; size++) {
      const memory = Buffer.alloc(size);
      const decoded: string[] = [];
      const decoder = new AwsChunkedDecoder((bytes) => void decoded.push(bytes.toString()));
      for (let at = 0; at < wire.length; at += size) {
        decoder.write(memory.subarray(0, wire.copy(memory, 0, at)));
        memory.fill('?');
      }
      decoder.end();
      assert.equal(decoded.join(''), 'hello world');
      assert.deepEqual([...decoder.trailers], [['x-amz-checksum-crc32', 'DUoRhQ==']]);
    }
  });

  it('takes a trailer as minio-go ends it: with LF and CRLF', () => {
    const { bytes, trailers } = decode(Buffer.from('0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n\r\n'), 5);
    assert.deepEqual([bytes.length, trailers.get('x-amz-checksum-crc32')], [0, 'AAAAAA==']);
  });

  it('takes an empty body', () => {
    const { bytes, trailers } = decode(Buffer.from('0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n'), 3);
    assert.equal(bytes.length, 0);
    assert.equal(trailers.get('x-amz-checksum-crc32'), 'AAAAAA==');
  });

  it('refuses a body that is truncated at any place', () => {
    for (let length = 0; length < wire.length; length++) {
      assert.throws(
        () => decode(wire.subarray(0, length), 7),
        { name: 'Failure', type: 'incomplete_body' },
        `cut at ${length}`,
      );
    }
  });

  const broken: [what: string, wire: string, type: string][] = [
    ['a size that is no number', 'xyz\r\n', 'invalid_chunk'],
    ['a negative size', '-5\r\nhello\r\n', 'invalid_chunk'],
    ['an empty size line', '\r\n', 'invalid_chunk'],
    ['a size with an extension', '5;chunk-signature=00\r\nhello\r\n', 'invalid_chunk'],
    ['a size beyond 60 bits', '8000000000000000\r\n', 'invalid_chunk'],
    ['a bare line feed', '5\nhello\r\n', 'invalid_chunk'],
    ['a chunk longer than its size', '5\r\nhello!\r\n', 'invalid_chunk'],
    ['a line without end', `${'0'.repeat(2000)}`, 'invalid_chunk'],
    ['bytes after the end', '0\r\n\r\nmore', 'invalid_chunk'],
    ['a trailer without colon', '0\r\nnonsense\r\n\r\n', 'malformed_trailer'],
    ['a trailer that comes twice', '0\r\na:1\r\na:2\r\n\r\n', 'malformed_trailer'],
    ['a trailer with a control character', '0\r\na:\x01\r\n\r\n', 'malformed_trailer'],
    ['too many trailers', `0\r\n${'abcdefghi'.replace(/./g, '$&:1\r\n')}\r\n`, 'malformed_trailer'],
  ];
  for (const [what, text, type] of broken) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decode(Buffer.from(text), 5),
        (error) => error instanceof Failure && error.type === type,
      );
    });
  }
});

describe('AwsChunkedEncoder', () => {
  for (const length of [0, 1, 1000, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024 + 17]) {
    it(`writes ${length} bytes in the length that it foretold, and the decoder gives them back`, () => {
      const object = Buffer.alloc(length, 'abcdefg');
      const pieces: Buffer[] = [];
      const encoder = new AwsChunkedEncoder(length, (bytes) => void pieces.push(bytes));
      for (let at = 0; at < length; at += 300_000) encoder.write(object.subarray(at, at + 300_000));
      encoder.end('x-amz-checksum-crc32', 'DUoRhQ==');
      const coded = Buffer.concat(pieces);
      assert.equal(coded.length, AwsChunkedEncoder.encodedLength(length, 'x-amz-checksum-crc32', 8));
      assert.ok(decode(coded, 65_536).bytes.equals(object));
    });
  }
});
