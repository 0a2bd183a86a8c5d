import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Inbound, type InboundOptions } from '../../../../src/tracing/propagation/inbound.ts';
import { NOTHING } from '../../../../src/tracing/propagation/propagator.ts';
import { TraceState } from '../../../../src/tracing/propagation/trace-state.ts';
import { chooseSampler } from '../../../../src/tracing/sampler/choose-sampler.ts';

/** With the highest randomness there is: every ratio above 0 keeps it. */
const caller = {
  traceId: 'f'.repeat(32),
  spanId: 'b'.repeat(16),
  traceFlags: 3,
  traceState: TraceState.parse('ot=th:0;rv:ffffffffffffff,other=1')!,
};
const sent = { caller, others: { b3Debug: 'd' } };
const admit = (options: Partial<InboundOptions>, peer = '192.0.2.1') =>
  new Inbound({ mode: 'continue', trusted: ['10.0.0.0/8', '::1'], random: () => 0.5, ...options }).admit(sent, peer);

describe('the context of a caller', () => {
  it('is continued as it came, or not at all, or linked to', () => {
    assert.deepEqual(admit({}).parent, { caller: { ...caller, draw: 0.5 }, others: undefined });
    assert.equal(admit({}).link, undefined);
    assert.deepEqual(admit({ mode: 'ignore' }), { parent: NOTHING, link: undefined });
    assert.deepEqual(admit({ mode: 'restart' }), { parent: NOTHING, link: caller });
  });

  it('is continued whatever the mode where the peer is trusted', () => {
    for (const mode of ['continue', 'restart', 'ignore'] as const) {
      for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', '::1'])
        assert.equal(admit({ mode, remoteRatio: 0 }, peer).parent, sent, `${mode} ${peer}`);
      assert.notEqual(admit({ mode, remoteRatio: 0 }, '11.0.0.1').parent, sent);
    }
  });

  it('that is not there leaves nothing to decide', () =>
    assert.deepEqual(new Inbound({ mode: 'restart', trusted: [] }).admit(NOTHING, undefined), {
      parent: NOTHING,
      link: undefined,
    }));

  describe('of an untrusted caller', () => {
    const draws = [0.1, 0.5, 0.9];
    const decisions = (strategy: 'always' | 'never' | 'ratio' | 'parent_based', remoteRatio: number): boolean[] =>
      draws.map((drawn) => {
        const { parent } = admit({ random: () => drawn });
        return chooseSampler(strategy, 0.5, remoteRatio).decide(caller.traceId, parent.caller).sampled;
      });

    for (const strategy of ['ratio', 'parent_based'] as const) {
      it(`is kept by ${strategy} with the ratio of remote_ratio, whatever flag and trace id it has`, () => {
        assert.deepEqual(decisions(strategy, 1), [true, true, true]);
        assert.deepEqual(decisions(strategy, 0.5), [true, false, false]);
        assert.deepEqual(decisions(strategy, 0), [false, false, false]);
      });
    }

    it('has no flag for the sampler of another provider where its share is full', () => {
      const flagOf = (remoteRatio: number) => admit({ remoteRatio }).parent.caller?.traceFlags;
      assert.deepEqual([flagOf(0.6), flagOf(0.5), flagOf(0)], [3, 2, 2]);
    });

    it('is kept by always, and never by never', () => {
      assert.deepEqual(decisions('always', 0), [true, true, true]);
      assert.deepEqual(decisions('never', 1), [false, false, false]);
    });

    it('claims no count where it is not kept', () => {
      const { parent } = admit({});
      const { traceState } = chooseSampler('ratio', 0.5, 0).decide(caller.traceId, parent.caller);
      assert.equal(traceState?.serialize(), 'ot=rv:ffffffffffffff,other=1');
    });
  });
});
