import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Attributes } from '../../../src/domain/span.ts';
import { throughApi } from '../../../src/tracing/api/api-span.ts';
import type { Conventions } from '../../../src/tracing/conventions.ts';
import { createRequestTracer } from '../../../src/tracing/instrumentation.ts';
import { neverSampler } from '../../../src/tracing/sampler/always.ts';
import type { DecodedSpan } from '../../support/otlp-messages.ts';
import { type TestTracerOptions, testTracer } from '../../support/test-tracer.ts';

function open(conventions: Conventions = 'stable', options: TestTracerOptions = {}) {
  const { tracer, decoded } = testTracer(options);
  return { tracer: createRequestTracer(tracer, { conventions }), decoded };
}

describe('the face of tracing', () => {
  it('opens the SERVER span, and children below it', () => {
    const { tracer, decoded } = open();
    const root = tracer.startRequest([], { 'url.path': '/a', 'url.query': undefined });
    const child = root.child('s3.upload', 'internal', { 's3.key': 'k' });
    const call = child.child('aws.s3.put_object', 'client');
    for (const span of [call, child, root]) span.end();
    const [third, second, first] = decoded();
    assert.deepEqual(
      [first, second, third].map((span) => [span?.name, span?.kind, span?.parentSpanId]),
      [
        ['http.server.request', 2, ''],
        ['s3.upload', 1, root.spanId],
        ['aws.s3.put_object', 3, child.spanId],
      ],
    );
    assert.deepEqual(Object.keys(first!.attributes), ['url.path', 'sampling.reason']);
  });

  it('knows its ids, and writes them as traceparent', () => {
    const { tracer } = open();
    const span = tracer.startRequest([], {});
    assert.equal(span.traceFlags, 3);
    assert.equal(span.sampled, true);
    assert.deepEqual(span.outgoingHeaders(), ['traceparent', `00-${span.traceId}-${span.spanId}-03`]);
  });

  it('knows them for traces that are not kept, too', () => {
    const { tracer, decoded } = open('dup', { sampler: neverSampler });
    const span = tracer.startRequest([], {});
    assert.equal(span.sampled, false);
    assert.equal(span.traceFlags, 2);
    span.set('a', 1);
    span.fail('x');
    span.child('child', 'client').end();
    span.end();
    assert.deepEqual(decoded(), []);
  });

  describe('of a request that belongs to an earlier one', () => {
    const origin = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 3 };
    const called = ['traceparent', `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`];

    it('continues that one', () => {
      const { tracer, decoded } = open();
      const span = tracer.startRequest([], {}, { origin });
      span.child('child', 'internal').end();
      span.end();
      const [child, root] = decoded() as [DecodedSpan, DecodedSpan];
      assert.deepEqual([root.traceId, root.parentSpanId, root.links], [origin.traceId, origin.spanId, []]);
      assert.deepEqual(root.attributes['sampling.reason'], { string: 'parent_sampled' });
      assert.equal(root.flags, 0x303, 'its parent is remote, sampled and random');
      assert.deepEqual([child.traceId, child.parentSpanId, child.links], [origin.traceId, root.spanId, []]);
      assert.deepEqual([span.traceId, span.spanId, span.traceFlags], [origin.traceId, root.spanId, 3]);
    });

    it('continues the caller, and links to that one', () => {
      const { tracer, decoded } = open();
      tracer.startRequest([...called, 'tracestate', 'vendor=1'], {}, { origin }).end();
      const [root] = decoded() as [DecodedSpan];
      assert.deepEqual([root.traceId, root.parentSpanId], ['c'.repeat(32), 'd'.repeat(16)]);
      assert.equal(root.traceState, 'vendor=1');
      const { traceId, spanId } = origin;
      const none = { traceState: '', attributes: {}, droppedAttributes: 0 };
      assert.deepEqual(root.links, [{ traceId, spanId, flags: 0x303, ...none }]);
    });

    it('continues that one where the caller’s context is not valid, and takes nothing of it', () => {
      const { tracer, decoded } = open();
      tracer.startRequest(['traceparent', `00-${'0'.repeat(32)}-x-01`, 'tracestate', 'vendor=1'], {}, { origin }).end();
      const [root] = decoded() as [DecodedSpan];
      assert.deepEqual([root.traceId, root.traceState, root.links], [origin.traceId, '', []]);
    });

    it('is kept if that one was, or if the caller set the sampled flag', () => {
      const { tracer, decoded } = open();
      const dropped = { ...origin, flags: 2 };
      const span = tracer.startRequest([], {}, { origin: dropped });
      span.end();
      assert.deepEqual(decoded(), []);
      assert.deepEqual([span.sampled, span.traceId, span.traceFlags], [false, origin.traceId, 2]);
      tracer.startRequest(called, {}, { origin: dropped }).end();
      assert.equal(decoded()[0]?.links[0]?.flags, 0x302);
    });
  });

  it('marks a failure', () => {
    const { tracer, decoded } = open();
    const span = tracer.startRequest([], {});
    span.fail('store_reset', 'why');
    span.child('bare', 'internal').end();
    span.end();
    const failed = decoded()[1]!;
    assert.deepEqual(failed.status, { code: 2, message: 'why' });
    assert.deepEqual(failed.attributes['error.type'], { string: 'store_reset' });
  });

  it('has events with their times, before its end only and within the limit', () => {
    for (const limits of [{}, { events: 2 }]) {
      const { tracer, decoded } = testTracer({ limits });
      const requests = createRequestTracer(tracer, { conventions: 'dup' });
      const span = requests.startRequest([], {});
      const at = performance.now();
      span.event('upload.continue_sent', at);
      span.event('a name that is longer than the texts that are spelt byte by byte', at + 1.5);
      span.event('x', at + 2);
      span.end();
      span.event('late', at);
      const { events, start, droppedEvents } = decoded()[0]!;
      const count = limits.events ?? 3;
      assert.deepEqual(
        events.map(({ name, attributes }) => [name.slice(0, 6), attributes]),
        [
          ['upload', {}],
          ['a name', {}],
          ['x', {}],
        ].slice(0, count),
      );
      assert.equal(droppedEvents, 3 - count);
      assert.ok(events[0]!.time >= start && events[0]!.time - start < 1e9);
      assert.ok(Math.abs(Number(events[1]!.time - events[0]!.time) - 1.5e6) < 2, 'nanoseconds');
    }
  });

  it('sets nothing for undefined, the last value for a name set twice, and nothing after the end', () => {
    const { tracer, decoded } = open();
    const span = tracer.startRequest([], { a: 1 });
    span.set('a', undefined);
    span.set('b', 1);
    span.set('b', 2);
    span.end();
    span.set('b', 3);
    span.end();
    assert.equal(decoded().length, 1);
    const { a, b } = decoded()[0]!.attributes;
    assert.deepEqual([a, b], [{ int: '1' }, { int: '2' }]);
  });

  it('works over the official SDK as well', () => {
    const ended: string[] = [];
    const processor = {
      onStart() {},
      onEnd: ({ name }: { name: string }) => void ended.push(name),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const official = new TracerProvider({ spanProcessors: [processor] }).getTracer('test');
    const recorder = throughApi(official, new W3CTraceContextPropagator());
    const tracer = createRequestTracer(recorder, { conventions: 'stable' });
    const parent = '00-12345678901234567890123456789012-1234567890123456-01';
    const root = tracer.startRequest(['traceparent', parent], {});
    const child = root.child('child', 'client');
    child.end();
    root.end();
    assert.deepEqual(ended, ['child', 'http.server.request']);
    assert.equal(child.traceId, '12345678901234567890123456789012');
  });
});

describe('the names of HTTP attributes', () => {
  const SERVER: Attributes = {
    'http.request.method': 'PUT',
    'url.scheme': 'http',
    'url.path': '/a',
    'url.query': 'x=1',
    'network.peer.address': '10.0.0.1',
    'http.request.body.size': 5,
    'http.route': '/{key}',
    missing: undefined,
  };

  function names(conventions: Conventions): [server: Record<string, unknown>, client: Record<string, unknown>] {
    const { tracer, decoded } = open(conventions);
    const root = tracer.startRequest([], SERVER);
    const call = root.child('call', 'client', { 'server.address': 'store', 'server.port': 9000 });
    for (const span of [call, root]) {
      span.set('http.response.status_code', 200);
      span.end();
    }
    const [client, server] = decoded().map(({ attributes, attributeCount }) => {
      assert.equal(Object.keys(attributes).length, attributeCount, 'no attribute twice');
      const { 'sampling.reason': _, ...rest } = attributes;
      return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, Object.values(value)[0]]));
    });
    return [server!, client!];
  }

  const STABLE = {
    'http.request.method': 'PUT',
    'url.scheme': 'http',
    'url.path': '/a',
    'url.query': 'x=1',
    'network.peer.address': '10.0.0.1',
    'http.request.body.size': '5',
    'http.response.status_code': '200',
  };
  const OLDER = {
    'http.method': 'PUT',
    'http.scheme': 'http',
    'http.target': '/a?x=1',
    'net.peer.ip': '10.0.0.1',
    'http.request_content_length': '5',
    'http.status_code': '200',
  };
  const SAME = { 'http.route': '/{key}' };

  it("are today's", () => {
    const [server, client] = names('stable');
    assert.deepEqual(server, { ...STABLE, ...SAME });
    assert.deepEqual(client, { 'server.address': 'store', 'server.port': '9000', 'http.response.status_code': '200' });
  });

  it('are the older ones', () => {
    const [server, client] = names('legacy');
    assert.deepEqual(server, { ...OLDER, ...SAME });
    assert.deepEqual(client, { 'net.peer.name': 'store', 'net.peer.port': '9000', 'http.status_code': '200' });
  });

  it('are both', () => {
    const [server, client] = names('dup');
    assert.deepEqual(server, { ...STABLE, ...OLDER, ...SAME });
    assert.equal(Object.keys(client).length, 6);
  });

  it('make a target of a path without a query, too', () => {
    const { tracer, decoded } = open('legacy');
    tracer.startRequest([], { 'url.path': '/a' }).end();
    assert.deepEqual(decoded()[0]?.attributes['http.target'], { string: '/a' });
  });
});
