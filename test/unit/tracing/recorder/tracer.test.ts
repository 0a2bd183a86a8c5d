import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOTHING } from '../../../../src/tracing/propagation/propagator.ts';
import { neverSampler } from '../../../../src/tracing/sampler/always.ts';
import { openRoot, testTracer } from '../../../support/test-tracer.ts';

const REMOTE = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

describe('the tracer', () => {
  it('begins a trace where there is no parent, and continues one where there is', () => {
    const { tracer } = testTracer();
    const root = tracer.open(NOTHING, {});
    const child = root.child('child', 'internal');
    const other = tracer.open(NOTHING, {});
    assert.equal(child.traceId, root.traceId);
    assert.notEqual(child.spanId, root.spanId);
    assert.notEqual(other.traceId, root.traceId);
    assert.equal(tracer.open({ caller: REMOTE, others: undefined }, {}).traceId, REMOTE.traceId);
  });

  it('calls the sampler once a local root, and lets the spans below follow', () => {
    const decided: string[] = [];
    const decide = (traceId: string) => {
      decided.push(traceId);
      return { sampled: true, reason: 'test' };
    };
    const { tracer, decoded } = testTracer({ sampler: { decide } });
    const root = tracer.open(NOTHING, {});
    root.child('child', 'internal').end();
    root.end();
    assert.deepEqual(decided, [root.traceId]);
    const [child, parent] = decoded();
    assert.deepEqual(parent?.attributes['sampling.reason'], { string: 'test' });
    assert.equal(child?.attributes['sampling.reason'], undefined);
  });

  it('gives spans of traces that are not kept their ids, and records nothing', () => {
    const { tracer, ended } = testTracer({ sampler: neverSampler });
    const [root, other] = [openRoot(tracer, 'root', { a: 1 }), tracer.open(NOTHING, {})];
    for (const span of [root, root.child('child', 'internal'), other]) {
      assert.deepEqual([span.recording, span.sampled, span.traceFlags], [false, false, 2]);
      span.set('a', 1);
      span.event('e', performance.now());
      span.fail('x');
      span.end();
    }
    assert.equal(root.child('child', 'internal').traceId, root.traceId);
    assert.notEqual(other.traceId, root.traceId);
    assert.deepEqual(ended, []);
  });

  it('hands a span on once, however often it is ended', () => {
    const { tracer, ended } = testTracer();
    const span = tracer.open(NOTHING, {});
    assert.equal(ended.length, 0);
    span.end();
    span.end();
    assert.deepEqual(ended, [span]);
    assert.equal(ended[0]?.hasEnded, true);
  });

  it('times the spans of one trace by one clock', () => {
    const { tracer, decoded } = testTracer();
    const root = tracer.open(NOTHING, {});
    const child = root.child('child', 'internal');
    const moment = BigInt(Date.now()) * 1_000_000n;
    child.end();
    root.end();
    const [inner, outer] = decoded();
    assert.ok(outer!.start <= inner!.start && inner!.start <= inner!.end && inner!.end <= outer!.end);
    assert.ok(outer!.start - moment < 1_000_000_000n && moment - outer!.start < 1_000_000_000n);
  });

  it('begins a span at a given time, and ends none before its start', () => {
    const { tracer, ended } = testTracer();
    const before = performance.now() - 250;
    tracer.open(NOTHING, { startedAt: before }).end();
    tracer.open(NOTHING, { startedAt: before + 60_000 }).end();
    assert.equal(ended[0]?.start, Math.floor(before * 1e6));
    assert.equal(ended[1]?.endTime, ended[1]?.start);
  });

  it('counts a link beyond the limit', () => {
    const truncated: string[] = [];
    const limits = { links: 0, truncated: (what: string) => void truncated.push(what) };
    const { tracer, decoded } = testTracer({ limits });
    tracer.open(NOTHING, { link: REMOTE }).end();
    assert.deepEqual([decoded()[0]?.links, decoded()[0]?.droppedLinks], [[], 1]);
    assert.deepEqual(truncated, ['link']);
  });
});
