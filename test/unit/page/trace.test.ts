import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTrace } from '../../../page/traces/otlp.ts';
import { spanTree } from '../../../page/traces/span-tree.ts';
import { waitsOf } from '../../../page/traces/span-waits.ts';
import { traceLink } from '../../../page/traces/trace-link.ts';

const BEGIN = 1_796_000_000_000_000_000n;

const span = (spanId: string, parentSpanId: string, from: bigint, to: bigint, fields: object = {}): object => ({
  traceId: '1'.repeat(32),
  spanId,
  parentSpanId,
  name: spanId,
  kind: 1,
  startTimeUnixNano: String(BEGIN + from),
  endTimeUnixNano: String(BEGIN + to),
  ...fields,
});

const trace = (...spans: object[]) => parseTrace(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));

describe('a trace in OTLP JSON', () => {
  it('has times from its begin, exact to the nanosecond', () => {
    const { spans, durationSeconds, startedAt } = trace(span('a', '', 0n, 1_500_000_001n), span('b', 'a', 3n, 7n));
    assert.deepEqual([startedAt, durationSeconds], [1_796_000_000_000, 1.500000001]);
    assert.deepEqual([spans[1]!.startSeconds, spans[1]!.durationSeconds], [3e-9, 4e-9]);
  });

  it('has attributes of all types', () => {
    const values = [
      { stringValue: 's' },
      { intValue: '7' },
      { doubleValue: 0.5 },
      { boolValue: false },
      { arrayValue: { values: [{ stringValue: 'x' }] } },
    ];
    const attributes = values.map((value, index) => ({ key: `k${index}`, value }));
    const [read] = trace(span('a', '', 0n, 1n, { attributes })).spans;
    assert.deepEqual(
      read!.attributes.map(({ value }) => value),
      ['s', 7, 0.5, false, ['x']],
    );
  });

  it('has at least one span', () => {
    assert.throws(() => parseTrace('{"resourceSpans":[]}'), /no spans/);
  });
});

describe('the tree of spans', () => {
  it('has each span below its parent, siblings by start', () => {
    const { spans } = trace(
      span('late', 'root', 9n, 10n),
      span('early', 'root', 1n, 5n),
      span('leaf', 'early', 2n, 3n),
      span('root', '', 0n, 10n),
    );
    assert.deepEqual(
      spanTree(spans).map(({ span: { id }, depth }) => `${id} ${depth}`),
      ['root 0', 'early 1', 'leaf 2', 'late 1'],
    );
  });

  it('has spans at its top whose parent is elsewhere', () => {
    const { spans } = trace(span('a', 'of the client', 0n, 1n));
    assert.deepEqual(
      spanTree(spans).map(({ depth }) => depth),
      [0],
    );
  });
});

describe('the waits of a span', () => {
  const waits = (name: string, ...keys: string[]) => {
    const attributes = keys.map((key) => ({ key, value: { doubleValue: 0.25 } }));
    return waitsOf(trace(span('a', '', 0n, 1n, { name, attributes })).spans[0]!).map(({ wait }) => wait);
  };

  it('are its attributes', () => {
    assert.deepEqual(waits('s3.upload', 'upload.store_wait_seconds', 'upload.client_wait_seconds', 'other'), [
      'client',
      'store',
    ]);
  });

  it('include pauses before retries, but not for an attempt, which begins after its pause', () => {
    assert.deepEqual(waits('s3.upload', 's3.retry_wait_seconds'), ['retry']);
    assert.deepEqual(waits('aws.s3.put_object', 's3.retry_wait_seconds'), []);
  });
});

describe('the link to a trace', () => {
  it('fills in the template', () => {
    const link = traceLink('https://t.example/{trace_id}?from={start_millis}&to={end_millis}', 'abc', 100_000.5, 2);
    assert.deepEqual(link, { url: 'https://t.example/abc?from=40000&to=162001', host: 't.example' });
  });

  it('has no other scheme than http and https', () => {
    assert.equal(traceLink('javascript:{trace_id}', 'abc', 0, 0), undefined);
  });
});
