import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteWriter } from '../../../../src/kit/byte-writer.ts';
import { DOUBLE_ATTRIBUTES } from '../../../../src/tracing/catalogue.ts';
import { EncodedCopies } from '../../../../src/tracing/recorder/encoded-copies.ts';
import type { RecordingSpan } from '../../../../src/tracing/recorder/recording-span.ts';
import { SpanEncoder } from '../../../../src/tracing/recorder/span-encoder.ts';
import { openRoot, testTracer } from '../../../support/test-tracer.ts';

const RING = 256 * 1024;

describe('EncodedCopies', () => {
  function open() {
    const ended: RecordingSpan[] = [];
    const { tracer } = testTracer({ sink: { add: (span) => void ended.push(span) } });
    const copies = new EncodedCopies(new SpanEncoder(DOUBLE_ATTRIBUTES));
    const out = new ByteWriter(64 * 1024, 1024 ** 2);
    /** @returns a span with an attribute of this size, and its bytes in the export. */
    const encode = (size: number): { span: RecordingSpan; bytes: Buffer } => {
      const opened = openRoot(tracer, 'request');
      for (let left = size, i = 0; left > 0; left -= 1_000, i++) opened.set(`a${i}`, 'x'.repeat(Math.min(left, 1_000)));
      opened.end();
      out.length = 0;
      const span = ended.pop()!;
      copies.encode(out, span);
      return { span, bytes: Buffer.from(out.bytes.subarray(0, out.length)) };
    };
    const copyOf = (span: RecordingSpan): Buffer | undefined => {
      const copied = new ByteWriter(64 * 1024, 1024 ** 2);
      return copies.copy(copied, span) ? Buffer.from(copied.bytes.subarray(0, copied.length)) : undefined;
    };
    return { encode, copyOf, startSpan: () => openRoot(tracer, 'other') as RecordingSpan };
  }

  it('are the bytes of the export', () => {
    const { encode, copyOf } = open();
    const all = [10, 500, 3_000].map(encode);
    for (const { span, bytes } of all) assert.deepEqual(copyOf(span), bytes);
  });

  it('are there until others have their place', () => {
    const { encode, copyOf } = open();
    const all: { span: RecordingSpan; bytes: Buffer }[] = [];
    for (let i = 0; i < 500; i++) {
      all.push(encode((i * 37) % 3_000));
      // Every copy is right or absent, and the newest ones are there.
      let newer = 0;
      for (const { span, bytes } of all.toReversed()) {
        const copy = copyOf(span);
        newer += bytes.length;
        if (newer < RING - 8 * 1024) assert.deepEqual(copy, bytes);
        else if (copy !== undefined) assert.deepEqual(copy, bytes);
      }
    }
    assert.equal(copyOf(all[0]!.span), undefined);
  });

  it('do not exist of large spans, and of spans that were not exported', () => {
    const { encode, copyOf, startSpan } = open();
    assert.equal(copyOf(encode(17_000).span), undefined);
    assert.equal(copyOf(startSpan()), undefined);
  });
});
