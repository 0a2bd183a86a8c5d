/** Our propagators with the tracer provider of another: the same headers as with our recorder. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Context, propagation } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { RequestTracer } from '../../../../src/domain/span.ts';
import { throughApi } from '../../../../src/tracing/api/api-span.ts';
import { asTextMap } from '../../../../src/tracing/api/text-map.ts';
import { createRequestTracer } from '../../../../src/tracing/instrumentation.ts';
import { choosePropagator, type PropagatorName } from '../../../../src/tracing/propagation/choose-propagator.ts';
import { Inbound } from '../../../../src/tracing/propagation/inbound.ts';
import { testTracer } from '../../../support/test-tracer.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const TRUSTED = { 'network.peer.address': '192.0.2.1' };
const OPTIONS = { conventions: 'stable', inbound: new Inbound({ mode: 'continue', trusted: ['192.0.2.1'] }) } as const;

function open(names: readonly PropagatorName[]) {
  const begun: Context[] = [];
  const processor = {
    onStart: (_: unknown, context: Context) => void begun.push(context),
    onEnd() {},
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const propagator = choosePropagator(names);
  const theirs = createRequestTracer(throughApi(provider.getTracer('test'), asTextMap(propagator)), OPTIONS);
  const ours = createRequestTracer(testTracer({ propagator }).tracer, OPTIONS);
  return { theirs, ours, begun };
}

/** The headers of a call, without the ids that differ. */
function passedOn(tracer: RequestTracer, headers: readonly string[], attributes = TRUSTED): readonly string[] {
  const call = tracer.startRequest(headers, attributes).child('call', 'client');
  return call.outgoingHeaders().map((text) => text.replace(call.spanId!, 'span').replace(call.traceId!, 'trace'));
}

describe('our propagators with another tracer provider', () => {
  for (const [names, headers, expected] of [
    [
      ['tracecontext'],
      ['traceparent', `00-${TRACE}-${SPAN}-01`, 'tracestate', 'a=b'],
      ['traceparent', '00-trace-span-01', 'tracestate', 'a=b'],
    ],
    [['b3'], ['b3', `${TRACE}-${SPAN}-d`], ['b3', 'trace-span-d']],
    [
      ['b3multi'],
      ['X-B3-TraceId', TRACE, 'X-B3-SpanId', SPAN, 'X-B3-Flags', '1'],
      ['x-b3-traceid', 'trace', 'x-b3-spanid', 'span', 'x-b3-flags', '1'],
    ],
    [
      ['tracecontext', 'baggage'],
      ['traceparent', `00-${TRACE}-${SPAN}-01`, 'baggage', 'a=%C3%BC;p=q,b=2'],
      ['traceparent', '00-trace-span-01', 'baggage', 'a=%C3%BC;p=q,b=2'],
    ],
    [['baggage'], ['baggage', 'a=1'], ['baggage', 'a=1']],
    [[], ['baggage', 'a=1'], []],
  ] as const) {
    it(`pass on the same as with our recorder: ${names} for ${headers}`, () => {
      const { theirs, ours } = open(names);
      assert.deepEqual(passedOn(theirs, headers), expected);
      assert.deepEqual(passedOn(ours, headers), expected);
    });
  }

  it('pass on no baggage and no debug flag of an untrusted caller', () => {
    const stranger = { 'network.peer.address': '198.51.100.1' };
    const { theirs, ours } = open(['baggage', 'b3']);
    for (const tracer of [theirs, ours]) {
      const headers = ['baggage', 'a=1', 'b3', `${TRACE}-${SPAN}-d`];
      assert.deepEqual(passedOn(tracer, headers, stranger), ['b3', 'trace-span-1']);
    }
  });

  it('show baggage to the processors of the provider', () => {
    const { theirs, begun } = open(['baggage']);
    theirs.startRequest(['baggage', 'a=1;p=q'], TRUSTED).end();
    const entry = propagation.getBaggage(begun[0]!)?.getEntry('a');
    assert.deepEqual([entry?.value, entry?.metadata?.toString()], ['1', 'p=q']);
  });
});
