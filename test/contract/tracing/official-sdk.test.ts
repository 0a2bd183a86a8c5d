/**
 * What a collector gets from us is what it gets from the official SDK: the same requests through the interface of the gateway's stages
 * go to both, over real sockets, and what arrives is decoded by protobufjs and compared field by field. Where we differ on
 * purpose it is said below, and tested.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as ProtoTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Attributes, RequestTracer, Span } from '../../../src/domain/span.ts';
import { throughApi } from '../../../src/tracing/api/api-span.ts';
import { createRequestTracer } from '../../../src/tracing/instrumentation.ts';
import { openRecorder } from '../../../src/tracing/open-recorder.ts';
import { TraceContextPropagator } from '../../../src/tracing/propagation/trace-context.ts';
import type { DecodedSpan } from '../../support/otlp-messages.ts';
import { type OtlpReceiver, receiveGrpc, receiveHttp } from '../../support/otlp-receiver.ts';
import { keptLog, tracingConfig } from '../../support/tracing-config.ts';

const REMOTE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const SAMPLED = ['traceparent', `00-${REMOTE.traceId}-${REMOTE.spanId}-01`];
const UNSAMPLED = ['traceparent', `00-${REMOTE.traceId}-${REMOTE.spanId}-00`];
const STATE = ['tracestate', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'];
/** Where a multipart upload began. */
const ORIGIN = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), flags: 1 };
/** The same moment for both. */
const BEGUN = performance.now();
const BEGUN_NANOS = BigInt(Date.now()) * 1_000_000n;
const SERVER = 2;
/** The clocks of both follow the wall clock by rules of their own. */
const CLOCKS_NANOS = 10_000_000n;

const numbered = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key.${i}`, i]));

/** A request of its own path, so that two runs can be compared. */
const request = (
  tracer: RequestTracer,
  path: string,
  headers: readonly string[] = [],
  attributes: Attributes = {},
): Span => tracer.startRequest(headers, { 'url.path': path, ...attributes }, undefined, BEGUN);

/** Every request has a path of its own, and every child a name of its own. */
const SCENARIOS: Readonly<Record<string, (tracer: RequestTracer) => void>> = {
  'an upload with its spans': (tracer) => {
    const root = request(tracer, '/a/ö', [], { 'http.request.method': 'PUT' });
    const upload = root.child('s3.upload', 'internal', { 'upload.zero_copy': false });
    const put = upload.child('aws.s3.put_object', 'client');
    put.set('http.response.status_code', 200);
    put.end();
    upload.set('upload.size_bytes', 5_368_709_120);
    upload.set('upload.client_wait_seconds', 0.25);
    upload.end();
    root.end();
  },
  'an upload in parts': (tracer) => {
    const root = request(tracer, '/parts');
    const upload = root.child('s3.upload.parts', 'internal', { 'upload.method': 'multipart' });
    const parts = Array.from({ length: 6 }, (_, i) =>
      upload.child(`part.${i}`, 'client', { 'aws.s3.part_number': i + 1 }),
    );
    for (const part of parts.toReversed()) part.end();
    for (const span of [upload, root]) span.end();
  },
  'a remote parent with a trace state': (tracer) => {
    const span = request(tracer, '/continued', [...SAMPLED, ...STATE]);
    span.child('continued.child', 'internal').end();
    span.end();
  },
  'a caller that denies sampling': (tracer) => {
    const span = request(tracer, '/denied', [...UNSAMPLED, ...STATE]);
    assert.equal(span.recording, false);
    span.child('denied.child', 'client').end();
    span.end();
  },
  'every type of value': (tracer) => {
    const values: Attributes = {
      text: 'plain',
      empty: '',
      unicode: 'größe – 大きさ – 😀',
      long: 'x'.repeat(900),
      longer: 'x'.repeat(1_100),
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
      texts: ['a', 'ü', '', 'x'.repeat(1_100)],
      none: [],
      missing: undefined,
    };
    const root = request(tracer, '/values', [], values);
    const child = root.child('values.set', 'internal');
    for (const [name, value] of Object.entries(values)) child.set(name, value);
    child.end();
    root.end();
  },
  'a value set again': (tracer) => {
    const span = request(tracer, '/again', [], { a: 1, b: 'x' });
    for (const [name, value] of [
      ['a', 2],
      ['c', true],
      ['a', 'three'],
      ['c', undefined],
    ] as const)
      span.set(name, value);
    span.end();
  },
  'more than the limits': (tracer) => {
    const root = request(tracer, '/limits');
    const span = root.child('limits', 'internal', numbered(130));
    span.set('one.more', 1);
    span.set('key.5', 'changed');
    span.end();
    root.end();
  },
  'events and links': (tracer) => {
    const linked = tracer.startRequest(SAMPLED, { 'url.path': '/linked' }, { origin: ORIGIN }, BEGUN);
    linked.event('upload.continue_sent', BEGUN + 1.5);
    linked.event('upload.first_byte_received', BEGUN + 2);
    linked.end();
    const begun = tracer.startRequest([], { 'url.path': '/begun' }, { origin: { ...ORIGIN, flags: 1 } }, BEGUN);
    begun.end();
  },
  'every status': (tracer) => {
    const root = request(tracer, '/status');
    const failed = (name: string, ...descriptions: (string | undefined)[]): void => {
      const span = root.child(name, 'internal');
      for (const description of descriptions) span.fail('store_reset', description);
      span.end();
    };
    failed('status.unset');
    failed('status.error', 'why – ü');
    failed('status.error.bare', undefined);
    failed('status.again', 'gone', 'stays');
    root.fail('internal_error', 'of the root');
    root.end();
  },
  'nothing after the end': (tracer) => {
    const span = request(tracer, '/ended');
    span.end();
    span.set('late', 1);
    span.event('late', BEGUN);
    span.fail('late', 'late');
    span.end();
  },
};

const labelOf = ({ attributes, name }: DecodedSpan): string =>
  (attributes['url.path'] as { string?: string })?.string ?? name;

/** The span with its ids and times replaced by what they mean, so that two runs can be compared. */
function comparable(spans: readonly DecodedSpan[]): object[] {
  const labels = new Map(spans.map((span) => [span.spanId, labelOf(span)]));
  const traces = new Map<string, string>();
  const sorted = spans.toSorted((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
  for (const span of sorted) if (!traces.has(span.traceId)) traces.set(span.traceId, `the trace of ${labelOf(span)}`);
  const given = [REMOTE.traceId, ORIGIN.traceId];
  return sorted.map(({ start, end, events, ...span }) => ({
    ...span,
    label: labelOf({ ...span, start, end, events }),
    traceId: given.includes(span.traceId) ? span.traceId : traces.get(span.traceId),
    spanId: span.spanId.length,
    parentSpanId: labels.get(span.parentSpanId) ?? span.parentSpanId,
    events: events.map((event) => ({ ...event, time: Math.round(Number(event.time - start) / 1_000) })),
  }));
}

/** The times of both are those of the run, and are the same where the gateway gives them. */
function assertTimes(ours: readonly DecodedSpan[], theirs: readonly DecodedSpan[], from: bigint, to: bigint): void {
  const others = new Map(theirs.map((span) => [labelOf(span), span]));
  for (const span of ours) {
    const other = others.get(labelOf(span))!;
    for (const { start, end } of [span, other]) {
      assert.ok(from - CLOCKS_NANOS <= start && start <= end && end <= to + CLOCKS_NANOS, labelOf(span));
    }
    const apart = span.start > other.start ? span.start - other.start : other.start - span.start;
    if (span.kind === SERVER) assert.ok(apart < CLOCKS_NANOS, `${labelOf(span)} begins ${apart} ns apart`);
  }
}

/** What we do otherwise: the local root says why it is kept, and a trace that begins here says that its id is random. */
function asOfficial(span: DecodedSpan): DecodedSpan {
  const { 'sampling.reason': reason, ...attributes } = span.attributes;
  const isLocalRoot = ['', REMOTE.spanId, ORIGIN.spanId].includes(span.parentSpanId);
  assert.equal(reason !== undefined, isLocalRoot, `sampling.reason on ${span.name}`);
  const began = span.traceId !== REMOTE.traceId && span.traceId !== ORIGIN.traceId;
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
    let ended: bigint;

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
      const [mine, other] = [recorder.tracer, throughApi(official, new W3CTraceContextPropagator())] as const;
      for (const scenario of Object.values(SCENARIOS)) {
        scenario(createRequestTracer(mine, { conventions: 'stable' }));
        scenario(createRequestTracer(other, { conventions: 'stable' }));
      }
      ended = BigInt(Date.now()) * 1_000_000n;
      await Promise.all([recorder.shutdown(30_000), provider.shutdown()]);
    });

    after(() => Promise.all([ours.close(), theirs.close()]));

    it('are the same, field by field', () => {
      assert.ok(theirs.spans().length >= 25, `${theirs.spans().length} spans from the official SDK`);
      const [mine, official] = [comparable(ours.spans().map(asOfficial)), comparable(theirs.spans())];
      for (const [i, span] of official.entries()) assert.deepEqual(mine[i], span);
      assert.equal(mine.length, official.length);
    });

    it('have the same times', () => assertTimes(ours.spans(), theirs.spans(), BEGUN_NANOS, ended));

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
