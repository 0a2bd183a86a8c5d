import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkBeforeWrite, isNotModified } from '../../../../src/rehearsal/store/conditions.ts';
import { S3Error } from '../../../../src/rehearsal/store/s3-error.ts';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof S3Error);
  assert.equal(error.code, expected);
  return true;
};

describe('conditions', () => {
  const there = { description: { etag: 'abc' } };

  it('allow or reject a write', () => {
    checkBeforeWrite({}, there);
    checkBeforeWrite({ 'if-none-match': '*' }, undefined);
    checkBeforeWrite({ 'if-match': '"abc"' }, there);
    checkBeforeWrite({ 'if-match': 'abc' }, there);
    checkBeforeWrite({ 'if-match': '"x", "abc"' }, there);
    assert.throws(() => checkBeforeWrite({ 'if-none-match': '*' }, there), code('PreconditionFailed'));
    assert.throws(() => checkBeforeWrite({ 'if-match': '"x"' }, there), code('PreconditionFailed'));
    assert.throws(() => checkBeforeWrite({ 'if-match': '"abc"' }, undefined), code('NoSuchKey'));
    assert.throws(() => checkBeforeWrite({ 'if-none-match': '"abc"' }, undefined), code('NotImplemented'));
  });

  it('give 304 for an object that the client has', () => {
    assert.equal(isNotModified({}, 'abc'), false);
    assert.equal(isNotModified({ 'if-none-match': '"abc"' }, 'abc'), true);
    assert.equal(isNotModified({ 'if-none-match': '"x"' }, 'abc'), false);
    assert.throws(() => isNotModified({ 'if-match': '"x"' }, 'abc'), code('PreconditionFailed'));
  });
});
