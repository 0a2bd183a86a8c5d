/**
 * What a collector gets from us is what it gets from the official SDK: the same calls through `@opentelemetry/api` go to
 * both, over real sockets, and what arrives is decoded by protobufjs and compared field by field. Where we differ on
 * purpose it is said below, and tested.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as ProtoTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { openRecorder } from '../../../src/tracing/open-recorder.ts';
import { TraceContextPropagator } from '../../../src/tracing/propagation/trace-context.ts';
import { TraceState } from '../../../src/tracing/propagation/trace-state.ts';
import type { DecodedSpan } from '../../support/otlp-messages.ts';
import { type OtlpReceiver, receiveGrpc, receiveHttp } from '../../support/otlp-receiver.ts';
import { keptLog, tracingConfig } from '../../support/tracing-config.ts';

const START: [number, number] = [1_790_000_000, 123_456_789];
const at = (nanos: number): [number, number] => [START[0], START[1] + nanos];
const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
  traceState: TraceState.parse('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')!,
};

const below = (context: Context, span: ReturnType<Tracer['startSpan']>): Context => trace.setSpan(context, span);
const numbered = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key.${i}`, i]));

/** One name each, and every span that is started has a name of its own. */
const SCENARIOS: Readonly<Record<string, (tracer: Tracer) => void>> = {
  'an upload with its three spans': (tracer) => {
    const root = tracer.startSpan(
      'http.server.request',
      { kind: SpanKind.SERVER, startTime: START, attributes: { 'http.request.method': 'PUT', 'url.path': '/a/ö' } },
      ROOT_CONTEXT,
    );
    const inRoot = below(ROOT_CONTEXT, root);
    const upload = tracer.startSpan(
      's3.upload',
      { startTime: at(10), attributes: { 'upload.zero_copy': false } },
      inRoot,
    );
    const inUpload = below(inRoot, upload);
    const put = tracer.startSpan('aws.s3.put_object', { kind: SpanKind.CLIENT, startTime: at(20) }, inUpload);
    put.setAttribute('http.response.status_code', 200).end(at(30));
    upload.setAttributes({ 'upload.size_bytes': 5_368_709_120, 'upload.client_wait_seconds': 0.25 }).end(at(40));
    root.setStatus({ code: SpanStatusCode.OK }).end(at(50));
  },
  'a remote parent with a trace state': (tracer) => {
    const context = trace.setSpanContext(ROOT_CONTEXT, REMOTE);
    const span = tracer.startSpan('continued', { kind: SpanKind.SERVER, startTime: START }, context);
    tracer.startSpan('continued.child', { startTime: START }, below(context, span)).end(at(1));
    span.end(at(2));
  },
  'every kind': (tracer) => {
    for (const kind of [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER])
      tracer.startSpan(`kind.${kind}`, { kind, startTime: START }, ROOT_CONTEXT).end(at(1));
  },
  'every type of value': (tracer) => {
    const span = tracer.startSpan('values', { startTime: START }, ROOT_CONTEXT);
    span.setAttributes({
      text: 'plain',
      empty: '',
      unicode: 'größe – 大きさ – 😀',
      long: 'x'.repeat(900),
      yes: true,
      no: false,
      zero: 0,
      small: 7,
      negative: -1,
      most_negative: -Number.MAX_SAFE_INTEGER,
      int32: 2 ** 31,
      int53: Number.MAX_SAFE_INTEGER,
      fraction: 0.1,
      tiny: Number.MIN_VALUE,
      infinite: Number.POSITIVE_INFINITY,
      texts: ['a', 'ü', ''],
      numbers: [1, 2.5, -3],
      booleans: [true, false],
      none: [],
      bytes: new Uint8Array([0, 1, 255]),
      nothing: null,
      nested: { a: 1, b: ['x', { c: true }] },
      missing: undefined,
    });
    span.end(at(1));
  },
  'a value set again': (tracer) => {
    const span = tracer.startSpan('again', { startTime: START, attributes: { a: 1, b: 'x' } }, ROOT_CONTEXT);
    span.setAttribute('a', 2).setAttribute('c', true).setAttribute('a', 'three').setAttribute('c', undefined);
    span.end(at(1));
  },
  'more than the limits': (tracer) => {
    const links: Link[] = Array.from({ length: 130 }, (_, i) => ({ context: REMOTE, attributes: { i } }));
    const options = { startTime: START, attributes: numbered(130), links };
    const root = tracer.startSpan('limits.root', { startTime: START }, ROOT_CONTEXT);
    root.end(at(1));
    const span = tracer.startSpan('limits', options, below(ROOT_CONTEXT, root));
    span.setAttribute('one.more', 1).setAttribute('key.5', 'changed');
    for (let i = 0; i < 131; i++) span.addEvent(`event.${i}`, { i }, at(i));
    span.addEvent('crowded', numbered(140), at(200));
    span.end(at(300));
  },
  'events and links': (tracer) => {
    const span = tracer.startSpan('moments', { startTime: START, links: [{ context: REMOTE }] }, ROOT_CONTEXT);
    span.addEvent('bare', at(1)).addEvent('with attributes', { a: 'x', n: [1, 2] }, at(2));
    span.addLink({ context: { ...REMOTE, isRemote: false }, attributes: { why: 'test' } });
    span.addLinks([{ context: { traceId: REMOTE.traceId, spanId: REMOTE.spanId, traceFlags: 0 } }]);
    const error = Object.assign(new TypeError('bad'), { stack: 'TypeError: bad\n    at somewhere' });
    span.recordException(error, at(3));
    span.recordException(Object.assign(new Error('refused'), { code: 'ECONNREFUSED', stack: 'x' }), at(4));
    span.recordException('only a message', at(5));
    span.end(at(6));
  },
  'every status': (tracer) => {
    const span = (name: string) => tracer.startSpan(name, { startTime: START }, ROOT_CONTEXT);
    span('status.unset').setStatus({ code: SpanStatusCode.UNSET }).end(at(1));
    span('status.error').setStatus({ code: SpanStatusCode.ERROR, message: 'why – ü' }).end(at(1));
    span('status.error.bare').setStatus({ code: SpanStatusCode.ERROR }).end(at(1));
    span('status.ok').setStatus({ code: SpanStatusCode.OK, message: 'dropped' }).end(at(1));
    const final = span('status.final').setStatus({ code: SpanStatusCode.OK });
    final.setStatus({ code: SpanStatusCode.ERROR, message: 'too late' }).end(at(1));
    const kept = span('status.kept').setStatus({ code: SpanStatusCode.ERROR, message: 'stays' });
    kept.setStatus({ code: SpanStatusCode.UNSET }).end(at(1));
    const better = span('status.better').setStatus({ code: SpanStatusCode.ERROR, message: 'gone' });
    better.setStatus({ code: SpanStatusCode.OK }).end(at(1));
  },
  'a new name, and an end before the start': (tracer) => {
    tracer.startSpan('before', { startTime: START }, ROOT_CONTEXT).updateName('after').end(at(1));
    tracer.startSpan('backwards', { startTime: START }, ROOT_CONTEXT).end([START[0] - 5, 0]);
  },
  'times in every form': (tracer) => {
    tracer.startSpan('times.date', { startTime: new Date(1_790_000_000_123) }, ROOT_CONTEXT).end(1_790_000_000_456);
    tracer
      .startSpan('times.millis', { startTime: 1_790_000_000_000.5 }, ROOT_CONTEXT)
      .end([1_790_000_001, 999_999_999]);
  },
  'nothing after the end, and no parent where none is wanted': (tracer) => {
    const span = tracer.startSpan('ended', { startTime: START }, ROOT_CONTEXT);
    span.end(at(1));
    span.setAttribute('late', 1).setStatus({ code: SpanStatusCode.ERROR }).updateName('late').addEvent('late');
    span.addLink({ context: REMOTE }).setAttributes({ late: 2 }).recordException('late');
    span.end(at(2));
    const root = tracer.startSpan('root', { startTime: START, root: true }, trace.setSpanContext(ROOT_CONTEXT, REMOTE));
    root.end(at(1));
  },
  'a parent that is no parent': (tracer) => {
    const invalid = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 1, isRemote: true };
    tracer.startSpan('orphan', { startTime: START }, trace.setSpanContext(ROOT_CONTEXT, invalid)).end(at(1));
  },
};

/** The span with its ids replaced by what they mean, and by name, so that two runs can be compared. */
function comparable(spans: readonly DecodedSpan[]): object[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const traces = new Map<string, string>();
  const sorted = spans.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const { traceId, name } of sorted) if (!traces.has(traceId)) traces.set(traceId, `the trace of ${name}`);
  return sorted.map((span) => ({
    ...span,
    traceId: span.traceId === REMOTE.traceId ? span.traceId : traces.get(span.traceId),
    spanId: span.spanId.length,
    parentSpanId: names.get(span.parentSpanId) ?? span.parentSpanId,
  }));
}

/** What we do otherwise: the local root says why it is kept, and a trace that begins here says that its id is random. */
function asOfficial(span: DecodedSpan): DecodedSpan {
  const { 'sampling.reason': reason, ...attributes } = span.attributes;
  const isLocalRoot = span.parentSpanId === '' || span.parentSpanId === REMOTE.spanId;
  assert.equal(reason !== undefined, isLocalRoot, `sampling.reason on ${span.name}`);
  const began = span.traceId !== REMOTE.traceId;
  assert.equal(span.flags & 2, began ? 2 : 0, `random flag on ${span.name}`);
  const attributeCount = span.attributeCount - (isLocalRoot ? 1 : 0);
  return { ...span, attributes, attributeCount, flags: span.flags & ~2 };
}

const ROWS = [
  { protocol: 'http/protobuf', compression: 'none' },
  { protocol: 'http/protobuf', compression: 'gzip' },
  { protocol: 'grpc', compression: 'none' },
  { protocol: 'grpc', compression: 'gzip' },
] as const;

for (const { protocol, compression } of ROWS) {
  describe(`spans over ${protocol} with compression ${compression}, next to the official SDK's`, () => {
    let ours: OtlpReceiver;
    let theirs: OtlpReceiver;

    before(async () => {
      const receive = protocol === 'grpc' ? () => receiveGrpc() : () => receiveHttp();
      [ours, theirs] = [await receive(), await receive()];
      const otlp = { protocol, compression };
      const recorder = openRecorder(tracingConfig(ours.endpoint, { otlp }), new TraceContextPropagator(), {
        log: keptLog(),
        serviceVersion: '1.2.3',
      });
      const exporter = officialExporter(theirs.endpoint, protocol, compression);
      const processor = new BatchSpanProcessor({ exporter });
      const spanLimits = { attributeValueLengthLimit: 1024 };
      const provider = new TracerProvider({ spanProcessors: [processor], spanLimits });
      const official = provider.getTracer('mizuchi-uploadr', '1.2.3');
      for (const scenario of Object.values(SCENARIOS)) {
        scenario(recorder.tracer);
        scenario(official);
      }
      await Promise.all([recorder.shutdown(30_000), provider.shutdown()]);
    });

    after(() => Promise.all([ours.close(), theirs.close()]));

    it('are the same, field by field', () => {
      assert.ok(theirs.spans().length >= 25, `${theirs.spans().length} spans from the official SDK`);
      const [mine, official] = [comparable(ours.spans().map(asOfficial)), comparable(theirs.spans())];
      for (const [i, span] of official.entries()) assert.deepEqual(mine[i], span);
      assert.equal(mine.length, official.length);
    });

    it('come in the same envelope', () => {
      const [mine, official] = [ours.exports[0]!, theirs.exports[0]!];
      assert.deepEqual(mine.requests[0]?.scope, official.requests[0]?.scope);
      for (const name of ['content-type', 'content-encoding', 'grpc-encoding', 'te'])
        assert.equal(mine.headers[name], official.headers[name], name);
      assert.equal(mine.compressed, compression === 'gzip');
      assert.equal(mine.compressed, official.compressed);
      if (protocol === 'grpc') assert.equal(mine.path, official.path);
      else assert.equal(mine.path, '/v1/traces');
    });
  });
}

function officialExporter(endpoint: string, protocol: string, compression: 'gzip' | 'none'): SpanExporter {
  const options = { compression: compression as never };
  return protocol === 'grpc'
    ? new GrpcTraceExporter({ url: endpoint, ...options })
    : new ProtoTraceExporter({ url: `${endpoint}/v1/traces`, ...options });
}
