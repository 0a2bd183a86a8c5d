import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createContextKey, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { SpanHolder } from '../../../../src/tracing/api/span-holder.ts';

describe('the context that holds a span', () => {
  it('is one for all users of the API', () => {
    const key = createContextKey('test');
    const below = ROOT_CONTEXT.setValue(key, 'below');
    const [span, other] = ['1', '2'].map((digit) =>
      trace.wrapSpanContext({ traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags: 1 }),
    );
    const holder = new SpanHolder(below, span!);
    assert.equal(trace.getSpan(holder), span);
    assert.equal(holder.getValue(key), 'below');
    assert.equal(trace.getSpan(trace.setSpan(holder, other!)), other);
    assert.equal(trace.getSpan(holder), span, 'unchanged');
    const further = holder.setValue(key, 'further');
    assert.deepEqual([further.getValue(key), trace.getSpan(further)], ['further', span]);
    assert.equal(trace.getSpan(trace.deleteSpan(holder)), undefined);
    assert.equal(trace.deleteSpan(holder).getValue(key), 'below');
    assert.equal(propagation.getBaggage(holder), undefined);
  });
});
