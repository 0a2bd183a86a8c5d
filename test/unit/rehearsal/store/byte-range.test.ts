import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRange } from '../../../../src/rehearsal/store/byte-range.ts';
import { S3Error } from '../../../../src/rehearsal/store/s3-error.ts';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof S3Error);
  assert.equal(error.code, expected);
  return true;
};

describe('ranges', () => {
  it('are accepted, ignored or rejected', () => {
    assert.deepEqual(parseRange('bytes=0-', 1), { start: 0, length: 1 });
    assert.deepEqual(parseRange('bytes=-5', 3), { start: 0, length: 3 });
    for (const ignored of [undefined, '', 'bytes=-', 'bytes=2-1', 'lines=0-1', 'bytes=0-1,3-4', 'bytes=a-b']) {
      assert.equal(parseRange(ignored, 10), undefined, String(ignored));
    }
    for (const [range, size] of [
      ['bytes=0-', 0],
      ['bytes=10-', 10],
      ['bytes=-0', 10],
      ['bytes=-1', 0],
    ] as const) {
      assert.throws(() => parseRange(range, size), code('InvalidRange'), range);
    }
  });
});
