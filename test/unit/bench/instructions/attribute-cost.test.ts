import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attributeCost, sumByPurpose } from '../../../../bench/support/instructions/attribute-cost.ts';
import type { FunctionCost } from '../../../../bench/support/instructions/callgrind-profile.ts';

const VERIFY = 'JS:verify file:///checkout/src/sigv4/verify.ts:1:1';
const EXPORT = 'JS:encode file:///checkout/src/tracing/encode.ts:1:1';

function functionOf(name: string, self: number, callers: [FunctionCost, number, number][] = []): FunctionCost {
  return {
    name,
    self,
    callers: new Map(callers.map(([caller, count, instructions]) => [caller, { count, instructions }])),
  };
}

function costsOf(...functions: FunctionCost[]) {
  return sumByPurpose(attributeCost({ thread: 1, functions: new Map(functions.map((one) => [one.name, one])) }));
}

describe('the cost of functions without a purpose', () => {
  const verify = functionOf(VERIFY, 100);
  const encode = functionOf(EXPORT, 10);

  it('counts for the callers, in proportion to the cost of the calls', () => {
    const shared = functionOf('JS:percent file:///checkout/src/kit/percent.ts:1:1', 0);
    const builtin = functionOf('Builtins_LoadIC', 40, [[shared, 9, 40]]);
    shared.callers.set(verify, { count: 1, instructions: 30 }).set(encode, { count: 9, instructions: 10 });
    const { auth, tracing, other } = costsOf(verify, encode, shared, builtin);
    assert.deepEqual([auth, tracing, other], [130, 20, 0]);
  });

  it('counts by the number of calls, if they call back', () => {
    const forEach = functionOf('Builtins_ArrayForEach', 40, [
      [verify, 1, 5000],
      [encode, 3, 100],
    ]);
    const callback = functionOf(VERIFY.replace('verify ', 'each '), 5000, [[forEach, 1, 5000]]);
    const { auth, tracing } = costsOf(verify, encode, forEach, callback);
    assert.deepEqual([auth, tracing], [5110, 40]);
  });

  it('is `other` without a caller that has one, also in a circle', () => {
    const loop = functionOf('uv_run', 7);
    const one = functionOf('one', 5);
    const two = functionOf('two', 5, [[one, 1, 5]]);
    one.callers.set(two, { count: 1, instructions: 5 });
    assert.equal(costsOf(loop, one, two).other, 17);
  });
});
