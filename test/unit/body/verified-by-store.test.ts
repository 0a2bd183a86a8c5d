import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { wrongPromise } from '../../../src/app/doctor/wrong-promise.ts';
import { type BodyPlan, MAX_OBJECT, planBody } from '../../../src/body/body-plan.ts';
import { isVerifiedBy } from '../../../src/body/verified-by-store.ts';
import { PROMISE_NAMES, type PromiseName, promiseOfHeader } from '../../../src/domain/promise-names.ts';
import type { Authenticated } from '../../../src/domain/stages.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';

const storeOf = (...verifies: PromiseName[]) => ({ verifies: new Set(verifies) });

function planOf(headers: Record<string, string>, hash = 'UNSIGNED-PAYLOAD'): BodyPlan {
  const request = resolvedRequest({ key: 'k', incoming: { headers } }) as Authenticated;
  const checksums = { added: undefined, own: 'crc32', passed: true, verifies: new Set<never>() } as const;
  return planBody({ ...request, payload: { hash, chunks: undefined } }, MAX_OBJECT, checksums);
}

describe('the promises of a body', () => {
  for (const name of PROMISE_NAMES) {
    it(`are verified by a store that verifies ${name}, and by no other`, () => {
      const { headers, payloadHash } = wrongPromise(name);
      const plan = planOf(headers, payloadHash);
      assert.equal(isVerifiedBy(storeOf(name), plan), true);
      assert.equal(isVerifiedBy(storeOf(...PROMISE_NAMES), plan), true);
      assert.equal(isVerifiedBy(storeOf(...PROMISE_NAMES.filter((other) => other !== name)), plan), false);
    });
  }

  it('are verified by every store if there are none', () => {
    assert.equal(isVerifiedBy(storeOf(), planOf({ 'content-type': 'text/plain' })), true);
  });

  it('are all verified, or not verified', () => {
    const { headers } = wrongPromise('content-md5');
    const both = planOf(headers, createHash('sha256').digest('hex'));
    assert.equal(isVerifiedBy(storeOf('content-md5'), both), false);
    assert.equal(isVerifiedBy(storeOf('content-md5', 'x-amz-content-sha256'), both), true);
  });

  it('are not verified by a store that does not get the framing', () => {
    const plan = planOf({ 'x-amz-decoded-content-length': '7' }, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER');
    assert.equal(isVerifiedBy(storeOf(...PROMISE_NAMES), plan), false);
  });

  it('are in headers that make a promise, and in no others', () => {
    assert.equal(promiseOfHeader('x-amz-checksum-crc32'), 'crc32');
    for (const other of ['crc32', 'x-amz-checksum-type', 'x-amz-checksum-content-md5', 'x-amz-checksum-crc31'])
      assert.equal(promiseOfHeader(other), undefined, other);
  });
});
