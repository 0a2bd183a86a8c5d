import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../../src/domain/failure.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { delayBeforeRetry, pause } from '../../../src/s3/retry.ts';
import type { StoreCall } from '../../../src/s3/store-call.ts';

const call = (more: Partial<StoreCall> = {}): StoreCall => ({
  operation: 'UploadPart',
  caller: 'subject anna',
  key: 'k',
  query: [],
  headers: {},
  body: { pieces: [Buffer.from('x')], length: 1 },
  payloadHash: 'UNSIGNED-PAYLOAD',
  signal: new AbortController().signal,
  span: NO_SPAN,
  ...more,
});

describe('a failed call to a store', () => {
  it('is made again after a while where it may be repeated at will, and only so often', () => {
    for (const type of ['store_reset', 'store_timeout', 'store_unreachable'] as const) {
      for (const resends of [0, 1, 2]) {
        const millis = delayBeforeRetry(call({ attempts: 4 }), new Failure(type), resends);
        assert.ok(millis !== undefined && millis >= 0 && millis <= 200 * 2 ** resends, `${millis} ms`);
      }
      assert.equal(delayBeforeRetry(call({ attempts: 4 }), new Failure(type), 3), undefined);
    }
  });

  it('waits 5 s at most', () => {
    for (let i = 0; i < 100; i++)
      assert.ok(delayBeforeRetry(call({ attempts: 100 }), new Failure('store_reset'), 50)! <= 5_000);
  });

  const answers: readonly (readonly [status: number, again: boolean])[] = [
    [500, true],
    [503, true],
    [429, true],
    [400, false],
    [403, false],
    [404, false],
    [412, false],
  ];
  for (const [status, again] of answers) {
    it(`is ${again ? '' : 'not '}made again after ${status}`, () => {
      const failure = new Failure('store_error', 'no', { status });
      assert.equal(delayBeforeRetry(call({ attempts: 4 }), failure, 0) !== undefined, again);
    });
  }

  it('is final if the client disconnected, the bytes are wrong, or the store refuses the gateway', () => {
    for (const type of ['client_aborted', 'checksum_mismatch', 'store_refused_gateway'] satisfies FailureType[])
      assert.equal(delayBeforeRetry(call({ attempts: 4 }), new Failure(type), 0), undefined);
    const gone = AbortSignal.abort();
    assert.equal(delayBeforeRetry(call({ attempts: 4, signal: gone }), new Failure('store_reset'), 0), undefined);
  });

  it('is made again once, at once, after a stale connection, if its body is at hand and it has no condition', () => {
    const reset = new Failure('store_reset');
    const small = call({ operation: 'PutObject', body: Buffer.from('x') });
    assert.equal(delayBeforeRetry(small, reset, 0), 0);
    assert.equal(delayBeforeRetry(small, reset, 1), undefined);
    assert.equal(delayBeforeRetry(small, new Failure('store_timeout'), 0), undefined);
    assert.equal(delayBeforeRetry({ ...small, headers: { 'if-none-match': '*' } }, reset, 0), undefined);
    assert.equal(delayBeforeRetry({ ...small, operation: 'CompleteMultipartUpload' }, reset, 0), undefined);
    assert.equal(delayBeforeRetry(call({ operation: 'PutObject' }), reset, 0), undefined);
  });

  it('ends the wait when the client disconnects', async () => {
    const gone = new AbortController();
    const waiting = pause(60_000, gone);
    gone.abort();
    await assert.rejects(waiting, { type: 'client_aborted' });
    await pause(0, gone);
  });
});
