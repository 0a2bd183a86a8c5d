import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { neverSampler } from '../../../../src/tracing/sampler/always.ts';
import { testTracer } from '../../../support/test-tracer.ts';

const REMOTE = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };

describe('the tracer', () => {
  it('begins a trace where there is no parent, and continues one where there is', () => {
    const { tracer } = testTracer();
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
    const other = tracer.startSpan('other', { root: true }, trace.setSpan(ROOT_CONTEXT, root));
    assert.equal(child.spanContext().traceId, root.spanContext().traceId);
    assert.notEqual(child.spanContext().spanId, root.spanContext().spanId);
    assert.notEqual(other.spanContext().traceId, root.spanContext().traceId);
    assert.equal(
      tracer.startSpan('x', {}, trace.setSpanContext(ROOT_CONTEXT, REMOTE)).spanContext().traceId,
      REMOTE.traceId,
    );
  });

  it('runs a function with the span, in all three forms of startActiveSpan', () => {
    const { tracer } = testTracer();
    const traceIdOf = (span: Span): string => span.spanContext().traceId;
    const inRemote = trace.setSpanContext(ROOT_CONTEXT, REMOTE);
    assert.match(tracer.startActiveSpan('one', traceIdOf), /^[0-9a-f]{32}$/);
    assert.match(tracer.startActiveSpan('two', {}, traceIdOf), /^[0-9a-f]{32}$/);
    assert.equal(tracer.startActiveSpan('three', {}, inRemote, traceIdOf), REMOTE.traceId);
  });

  it('calls the sampler once a local root, and lets the spans below follow', () => {
    const asked: string[] = [];
    const decide = (traceId: string) => {
      asked.push(traceId);
      return { sampled: true, reason: 'test' };
    };
    const { tracer, decoded } = testTracer({ sampler: { decide } });
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    const inRoot = trace.setSpan(ROOT_CONTEXT, root);
    tracer.startSpan('child', {}, inRoot).end();
    root.end();
    assert.deepEqual(asked, [root.spanContext().traceId]);
    const [child, parent] = decoded();
    assert.deepEqual(parent?.attributes['sampling.reason'], { string: 'test' });
    assert.equal(child?.attributes['sampling.reason'], undefined);
  });

  it('gives spans of traces that are not kept their ids, and records nothing', () => {
    const { tracer, ended } = testTracer({ sampler: neverSampler });
    const root = tracer.startSpan('root', { attributes: { a: 1 } }, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
    for (const span of [root, child]) {
      assert.equal(span.isRecording(), false);
      assert.equal(span.spanContext().traceFlags & 1, 0);
      span.setAttribute('a', 1).setAttributes({ b: 2 }).addEvent('e').addLink({ context: REMOTE }).addLinks([]);
      span.setStatus({ code: SpanStatusCode.ERROR }).updateName('x').recordException('x');
      span.end();
    }
    assert.equal(child.spanContext().traceId, root.spanContext().traceId);
    assert.notEqual(child.spanContext().spanId, root.spanContext().spanId);
    assert.deepEqual(ended, []);
  });

  it('hands a span on once, however often it is ended', () => {
    const { tracer, ended } = testTracer();
    const span = tracer.startSpan('span', {}, ROOT_CONTEXT);
    assert.equal(span.isRecording(), true);
    span.end();
    span.end();
    assert.equal(span.isRecording(), false);
    assert.equal(ended.length, 1);
  });

  it('times the spans of one trace by one clock', () => {
    const { tracer, decoded } = testTracer();
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
    const moment = BigInt(Date.now()) * 1_000_000n;
    child.end();
    root.end();
    const [inner, outer] = decoded();
    assert.ok(outer!.start <= inner!.start && inner!.start <= inner!.end && inner!.end <= outer!.end);
    assert.ok(outer!.start - moment < 1_000_000_000n && moment - outer!.start < 1_000_000_000n);
  });
});
