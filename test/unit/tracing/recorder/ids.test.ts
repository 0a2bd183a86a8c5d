import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdGenerator } from '../../../../src/tracing/recorder/ids.ts';

describe('ids', () => {
  it('are hex digits, and no two are equal, over several draws of randomness', () => {
    const ids = new IdGenerator();
    const seen = new Set<string>();
    for (let i = 0; i < 5000; i++) {
      const [traceId, requestId, spanId] = [ids.traceId(), ids.requestSpanId(), ids.spanId()];
      assert.match(traceId, /^[0-9a-f]{32}$/);
      assert.match(requestId, /^[0-9a-f]{16}$/);
      assert.match(spanId, /^[0-9a-f]{16}$/);
      seen.add(traceId).add(requestId).add(spanId);
    }
    assert.equal(seen.size, 15_000);
  });

  it('are the random bytes, each used once', () => {
    const bytes = Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 7 + 1) & 0xff));
    const ids = new IdGenerator(() => bytes);
    const given = ids.traceId() + ids.spanId() + ids.requestSpanId() + ids.traceId();
    assert.equal(given, bytes.subarray(0, 48).toString('hex'));
  });

  it('give a span id as words, too', () => {
    const ids = new IdGenerator();
    for (let i = 0; i < 50; i++) {
      const text = i % 2 === 0 ? ids.spanId() : ids.requestSpanId();
      const [high, low] = [ids.high, ids.low].map((word) => (word >>> 0).toString(16).padStart(8, '0'));
      assert.equal(`${high}${low}`, text);
    }
  });

  it('are never all zero', () => {
    const bytes = Buffer.alloc(8192);
    bytes.fill(1, 40);
    const ids = new IdGenerator(() => bytes);
    assert.equal(ids.spanId(), '01'.repeat(8));
    assert.equal(new IdGenerator(() => bytes).requestSpanId(), '01'.repeat(8));
    assert.equal(new IdGenerator(() => bytes).traceId(), '00'.repeat(8) + '01'.repeat(8));
  });
});
