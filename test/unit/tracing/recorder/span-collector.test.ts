import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { OtlpTraces, RecordedRequests } from '../../../../src/domain/recorded-requests.ts';
import { NO_SPAN, type RequestTracer, type Span } from '../../../../src/domain/span.ts';
import { requestFromJson } from '../../../../src/export/otlp/otlp-json.ts';
import { DOUBLE_ATTRIBUTES } from '../../../../src/tracing/catalogue.ts';
import { EncodedCopies } from '../../../../src/tracing/recorder/encoded-copies.ts';
import type { RecordingSpan } from '../../../../src/tracing/recorder/recording-span.ts';
import { type CollectorLimits, SpanCollector } from '../../../../src/tracing/recorder/span-collector.ts';
import { SpanEncoder } from '../../../../src/tracing/recorder/span-encoder.ts';
import type { SpanNames } from '../../../../src/tracing/span-names.ts';
import { type NativeTracing, startNative } from '../../../../src/tracing/start.ts';
import { decodeRequest } from '../../../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../../../support/otlp-receiver.ts';
import { openRoot, testTracer } from '../../../support/test-tracer.ts';
import { keptLog, type TracingOverrides, tracingConfig } from '../../../support/tracing-config.ts';

interface Opened {
  readonly tracing: NativeTracing;
  readonly recorded: RecordedRequests;
}

const ATTRIBUTES = {
  'http.request.method': 'PUT',
  'url.path': '/photos/größe "1".jpg',
  'user_agent.original': 'x'.repeat(2_000),
};

/** As the gateway does it. @param fails whether the request ends with an error of the gateway. */
function serve(tracer: RequestTracer, fails = false): Span {
  const root = tracer.startRequest([], ATTRIBUTES);
  const upload = root.child('s3.upload', 'internal', { 's3.key': 'größe "1".jpg' });
  const attempt = upload.child('aws.s3.put_object', 'client', { 'aws.s3.bucket': 'store', 's3.queue_seconds': 1 });
  attempt.event('s3.first_byte_sent', performance.now());
  attempt.end();
  upload.end();
  if (fails) root.fail('internal_error', 'it broke');
  root.set('http.response.status_code', fails ? 500 : 200);
  root.end();
  return root;
}

const spansIn = (traces: OtlpTraces) => traces.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((s) => s.spans));
const namesIn = (traces: OtlpTraces) => spansIn(traces).map((span) => (span as { name?: string }).name);
const decoded = (traces: OtlpTraces) => decodeRequest(requestFromJson(JSON.stringify(traces)).request);

describe('spans of all requests', () => {
  let receiver: OtlpReceiver;
  before(async () => void (receiver = await receiveHttp()));
  after(() => receiver.close());

  async function open(overrides: TracingOverrides & { readonly span_names?: SpanNames } = {}): Promise<Opened> {
    const { span_names = 'default', ...others } = overrides;
    const config = { ...tracingConfig(receiver.endpoint, others), span_names };
    const tracing = await startNative(config, { log: keptLog(), serviceVersion: '1.2.3', collects: true });
    return { tracing, recorded: tracing.recorded! };
  }

  const exportedOf = (root: Span) => receiver.spans().filter(({ traceId }) => traceId === root.traceId);

  it('are the same as at the collector, with resource and scope', async () => {
    const { tracing, recorded } = await open();
    const root = serve(tracing.tracer);
    const spans = recorded.of(root)!;
    assert.equal(spans.exported, true);
    const [request] = decoded(spans.otlp());
    await tracing.shutdown(10_000);
    const received = receiver.exports
      .flatMap(({ requests }) => requests)
      .find((each) => each.spans[0]!.traceId === root.traceId);
    assert.deepEqual(request, received);
    assert.equal(request!.spans.length, 3);
  });

  for (const names of [
    { semantic_conventions: 'dup' },
    { semantic_conventions: 'legacy' },
    { span_names: 'semconv' },
    { semantic_conventions: 'dup', span_names: 'semconv' },
  ] as const) {
    it(`are found below the wrappers of ${JSON.stringify(names)}`, async () => {
      const { tracing, recorded } = await open(names);
      const root = serve(tracing.tracer);
      const [request] = decoded(recorded.of(root)!.otlp());
      await tracing.shutdown(10_000);
      assert.deepEqual(request!.spans, exportedOf(root));
    });
  }

  it('are recorded without an export where the sampler does not keep the trace', async () => {
    const { tracing, recorded } = await open({ sampling: { strategy: 'never' } });
    const root = serve(tracing.tracer, true);
    assert.deepEqual([root.sampled, root.recording, root.traceFlags], [false, true, 2]);
    const spans = recorded.of(root)!;
    assert.equal(spans.exported, false);
    const [name, traceparent] = root.child('call', 'client').outgoingHeaders();
    assert.match(`${name}: ${traceparent}`, new RegExp(`^traceparent: 00-${root.traceId}-[0-9a-f]{16}-02$`));
    assert.deepEqual(namesIn(spans.otlp()), ['aws.s3.put_object', 's3.upload', 'http.server.request']);
    await tracing.shutdown(10_000);
    assert.deepEqual(exportedOf(root), []);
  });

  it('follow the decision of tail sampling about the export', async () => {
    const { tracing, recorded } = await open({
      sampling: {
        strategy: 'never',
        keep: { errors: true, denied: false, max_bytes: 1024 ** 2, max_age_seconds: 60 },
      },
    });
    const [good, bad] = [serve(tracing.tracer), serve(tracing.tracer, true)];
    assert.deepEqual([recorded.of(good)!.exported, recorded.of(bad)!.exported], [false, true]);
    const [request] = decoded(recorded.of(bad)!.otlp());
    assert.equal(recorded.of(good)!.leftOut, 0);
    await tracing.shutdown(10_000);
    assert.deepEqual(exportedOf(good), []);
    assert.deepEqual(request!.spans, exportedOf(bad));
    assert.equal(tracing.stats().tail.kept_error, 1);
  });

  it('do not count in the metrics of the tracer', async () => {
    for (const [strategy, truncated] of [
      ['always', 1],
      ['never', 0],
    ] as const) {
      const { tracing, recorded } = await open({ sampling: { strategy } });
      const root = serve(tracing.tracer);
      recorded.of(root)!.otlp();
      await tracing.shutdown(10_000);
      assert.equal(tracing.stats().truncated.value, truncated, strategy);
    }
  });

  it('are not collected unless configured', async () => {
    const config = tracingConfig(receiver.endpoint, { sampling: { strategy: 'never' } });
    const tracing = await startNative(config, { log: keptLog() });
    assert.equal(tracing.recorded, undefined);
    assert.equal(tracing.tracer.startRequest([], {}).recording, false);
    await tracing.shutdown(10_000);
  });

  it('are those of one request, also where several share memory', async () => {
    const { tracing, recorded } = await open();
    const roots = Array.from({ length: 40 }, () => serve(tracing.tracer));
    for (const root of roots.slice(0, 5)) recorded.of(root)!.detach();
    for (const root of roots) {
      const [request] = decoded(recorded.of(root)!.otlp());
      assert.deepEqual(new Set(request!.spans.map(({ traceId }) => traceId)), new Set([root.traceId]));
      assert.equal(request!.spans.length, 3);
    }
    await tracing.shutdown(10_000);
  });

  it('are undefined for spans of other tracers', async () => {
    const { tracing, recorded } = await open();
    assert.equal(recorded.of(NO_SPAN), undefined);
    await tracing.shutdown(10_000);
  });
});

describe('the limits of collected spans', () => {
  function open(limits: Partial<CollectorLimits>) {
    const handedOn: RecordingSpan[] = [];
    const collector = new SpanCollector(
      {
        next: { add: (span) => void handedOn.push(span) },
        encoder: new SpanEncoder(DOUBLE_ATTRIBUTES),
        copies: new EncodedCopies(new SpanEncoder(DOUBLE_ATTRIBUTES)),
        resource: new Uint8Array(),
        scope: new Uint8Array(),
        uncounted: (encode) => encode(),
      },
      { spans: 1_000, bytes: 1024 ** 2, runningBytes: 1024 ** 2, ...limits },
    );
    const { tracer } = testTracer({ sink: collector });
    const request = (): Span => openRoot(tracer, 'request');
    return { collector, handedOn, request };
  }

  const child = (root: Span, name: string): void => root.child(name, 'internal').end();

  it('leave out spans of a request, and count them, but never the SERVER span', () => {
    const { collector, handedOn, request } = open({ spans: 3 });
    const root = request();
    for (let i = 0; i < 5; i++) child(root, `child ${i}`);
    root.end();
    const spans = collector.of(root)!;
    assert.deepEqual(namesIn(spans.otlp()), ['child 0', 'child 1', 'child 2', 'request']);
    assert.equal(spans.leftOut, 2);
    assert.equal(handedOn.length, 6);
  });

  it('are in bytes as well', () => {
    const { collector, request } = open({ bytes: 2_000 });
    const root = request();
    for (let i = 0; i < 5; i++) child(root, `child ${i}`);
    root.end();
    assert.deepEqual(namesIn(collector.of(root)!.otlp()), ['child 0', 'child 1', 'child 2', 'request']);
  });

  it('are for all running requests together, and requests that end make room', () => {
    const { collector, request } = open({ runningBytes: 2_000 });
    const [one, other, third] = [request(), request(), request()];
    for (const root of [one, other]) for (const name of ['a', 'b']) child(root, name);
    one.end();
    for (const name of ['a', 'b']) child(third, name);
    for (const root of [other, third]) root.end();
    const found = [one, other, third].map((root) => namesIn(collector.of(root)!.otlp()).length);
    assert.deepEqual(found, [3, 2, 3]);
  });

  it('leave out spans that end after their request is encoded, and count them', () => {
    const { collector, request } = open({});
    const root = request();
    const [late, later] = [root.child('late', 'internal'), root.child('later', 'internal')];
    root.end();
    late.end();
    const spans = collector.of(root)!;
    assert.deepEqual(namesIn(spans.otlp()), ['request', 'late']);
    later.end();
    assert.deepEqual(namesIn(spans.otlp()), ['request', 'late']);
    assert.equal(spans.leftOut, 1);
  });
});
