import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pageSize } from '../../../../src/rehearsal/store/page-size.ts';
import { S3Error } from '../../../../src/rehearsal/store/s3-error.ts';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof S3Error);
  assert.equal(error.code, expected);
  return true;
};

describe('page sizes', () => {
  it('are numbers up to 1000', () => {
    assert.equal(pageSize(undefined, 'max-parts'), 1000);
    assert.equal(pageSize('5', 'max-parts'), 5);
    assert.equal(pageSize('5000', 'max-parts'), 1000);
    for (const text of ['', '-1', '1e3', 'x'])
      assert.throws(() => pageSize(text, 'max-parts'), code('InvalidArgument'));
  });
});
