import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FaultPlan } from '../../../../src/rehearsal/store/faults.ts';

describe('a fault plan', () => {
  it('selects the fault of a request by its rules', () => {
    const refuse = (status: number) => ({ kind: 'refuse', at: 'head', status, code: 'X' }) as const;
    const plan = new FaultPlan([
      { on: { operation: 'UploadPart', partNumber: 2 }, times: 1, fault: refuse(500) },
      { on: { key: 'k' }, skip: 1, fault: refuse(503) },
    ]);
    const part = { operation: 'UploadPart', key: 'k', partNumber: 2 };
    assert.deepEqual(plan.take(part), refuse(500));
    assert.equal(plan.take(part), undefined);
    assert.deepEqual(plan.take(part), refuse(503));
    assert.equal(plan.take({ ...part, key: 'other' }), undefined);
    plan.clear();
    assert.equal(plan.take(part), undefined);
  });
});
