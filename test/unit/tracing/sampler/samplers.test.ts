import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SpanContext } from '../../../../src/tracing/propagation/span-context.ts';
import { TraceState } from '../../../../src/tracing/propagation/trace-state.ts';
import { IdGenerator } from '../../../../src/tracing/recorder/ids.ts';
import { chooseSampler } from '../../../../src/tracing/sampler/choose-sampler.ts';
import { ratioSampler } from '../../../../src/tracing/sampler/ratio.ts';

const TRACE = '0'.repeat(18);
const withRandomness = (digits: string): string => TRACE + digits;
const parent = (sampled: boolean, state?: string): SpanContext => ({
  traceId: withRandomness('80000000000000'),
  spanId: 'b'.repeat(16),
  traceFlags: sampled ? 1 : 0,
  ...(state && { traceState: TraceState.parse(state)! }),
});

describe('samplers by their names', () => {
  const KEPT = withRandomness('ffffffffffffff');
  const DROPPED = withRandomness('00000000000000');

  it('always keeps, never keeps', () => {
    assert.deepEqual(chooseSampler('always', 0).decide(DROPPED, parent(false)), { sampled: true, reason: 'always' });
    assert.deepEqual(chooseSampler('never', 1).decide(KEPT, parent(true)), { sampled: false, reason: 'never' });
  });

  it('decide by the share, whatever the caller decided', () => {
    const sampler = chooseSampler('ratio', 0.5);
    for (const caller of [undefined, parent(true), parent(false)]) {
      assert.deepEqual(pick(sampler.decide(KEPT, caller)), { sampled: true, reason: 'ratio' });
      assert.deepEqual(pick(sampler.decide(DROPPED, caller)), { sampled: false, reason: 'ratio' });
    }
  });

  it('follow the caller, and decide by the share where there is none', () => {
    const sampler = chooseSampler('parent_based', 0.5);
    assert.deepEqual(sampler.decide(DROPPED, parent(true)), { sampled: true, reason: 'parent_sampled' });
    assert.deepEqual(sampler.decide(KEPT, parent(false)), { sampled: false, reason: 'parent_not_sampled' });
    assert.deepEqual(pick(sampler.decide(KEPT, undefined)), { sampled: true, reason: 'root_ratio' });
    assert.deepEqual(pick(sampler.decide(DROPPED, undefined)), { sampled: false, reason: 'root_ratio' });
  });

  it('claim no threshold for a trace that is dropped, or kept whatever the threshold was', () => {
    const state = (name: Parameters<typeof chooseSampler>[0], sampled: boolean): string | undefined =>
      chooseSampler(name, 1).decide(KEPT, parent(sampled, 'ot=th:8;rv:ffffffffffffff,a=1')).traceState?.serialize();
    const without = 'ot=rv:ffffffffffffff,a=1';
    assert.equal(state('parent_based', false), without);
    assert.equal(state('parent_based', true), undefined, 'the caller kept it by that threshold, and so do we');
    assert.equal(state('never', true), without);
    assert.equal(state('always', true), without);
    assert.equal(chooseSampler('parent_based', 1).decide(KEPT, parent(false, 'a=1')).traceState, undefined);
  });
});

const pick = ({ sampled, reason }: { sampled: boolean; reason: string }) => ({ sampled, reason });

describe('the ratio sampler', () => {
  it('keeps exactly the trace ids whose last 56 bits are not below the threshold', () => {
    const sampler = ratioSampler(0.25);
    assert.equal(sampler.decide(withRandomness('bfffffffffffff'), undefined).sampled, false);
    assert.equal(sampler.decide(withRandomness('c0000000000000'), undefined).sampled, true);
  });

  it('keeps about the share, and what a smaller share keeps is kept by a larger one', () => {
    const ids = new IdGenerator();
    const traces = Array.from({ length: 20_000 }, () => ids.traceId());
    const kept = (ratio: number) => traces.filter((id) => ratioSampler(ratio).decide(id, undefined).sampled);
    const [few, more] = [new Set(kept(0.1)), new Set(kept(0.5))];
    assert.ok(few.size > 1700 && few.size < 2300, `${few.size} of 20000 at 10 %`);
    assert.ok(more.size > 9600 && more.size < 10_400, `${more.size} of 20000 at 50 %`);
    assert.ok(few.isSubsetOf(more));
  });

  it('keeps none at 0 and all at 1', () => {
    assert.equal(ratioSampler(0).decide(withRandomness('ffffffffffffff'), undefined).sampled, false);
    assert.equal(ratioSampler(1).decide(withRandomness('00000000000000'), undefined).sampled, true);
  });

  it('records in the trace state at which threshold a trace was kept', () => {
    const state = (ratio: number, caller?: SpanContext) =>
      ratioSampler(ratio).decide(withRandomness('ffffffffffffff'), caller).traceState?.serialize();
    assert.equal(state(0.25), 'ot=th:c');
    assert.equal(state(0.5), 'ot=th:8');
    assert.equal(state(2 ** -56), 'ot=th:ffffffffffffff');
    assert.equal(state(1), undefined);
    assert.equal(state(0.25, parent(true, 'foo=1,ot=th:8;x:y')), 'ot=th:c;x:y,foo=1');
  });

  it('takes the threshold of another away where it does not hold any more', () => {
    const dropped = ratioSampler(0.25).decide(
      withRandomness('00000000000000'),
      parent(true, 'ot=th:0;rv:00000000000000,a=1'),
    );
    assert.equal(dropped.traceState?.serialize(), 'ot=rv:00000000000000,a=1');
    assert.equal(ratioSampler(1).decide(TRACE, parent(true, 'ot=th:8,a=1')).traceState?.serialize(), 'a=1');
  });

  it('decides by the randomness in the trace state, where there is any, and never changes it', () => {
    const sampler = ratioSampler(0.5);
    const kept = sampler.decide(withRandomness('00000000000000'), parent(true, 'ot=rv:ffffffffffffff'));
    assert.deepEqual([kept.sampled, kept.traceState?.get('ot')], [true, 'rv:ffffffffffffff;th:8']);
    assert.equal(sampler.decide(withRandomness('ffffffffffffff'), parent(true, 'ot=rv:00000000000000')).sampled, false);
    assert.equal(sampler.decide(withRandomness('ffffffffffffff'), parent(true, 'ot=rv:none')).sampled, true);
  });
});
