/**
 * What tracing costs the main thread: an upload of five spans, opened through the gateway's face and encoded to OTLP when
 * they end, by our recorder and by the official SDK with its own encoder. Both run in turns in one process; what counts is
 * the ratio. Run: node bench/micro/span-encoder.ts [rounds]
 */
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { RequestTracer } from '../../src/domain/span.ts';
import { BatchQueue } from '../../src/export/batch-queue.ts';
import { ExportCounts } from '../../src/export/export-counts.ts';
import type { Batch } from '../../src/export/messages.ts';
import { throughApi } from '../../src/tracing/api/api-span.ts';
import { DOUBLE_ATTRIBUTES } from '../../src/tracing/catalogue.ts';
import { createRequestTracer } from '../../src/tracing/instrumentation.ts';
import { choosePropagator } from '../../src/tracing/propagation/choose-propagator.ts';
import { Clock } from '../../src/tracing/recorder/clock.ts';
import { IdGenerator } from '../../src/tracing/recorder/ids.ts';
import { DEFAULT_LIMITS } from '../../src/tracing/recorder/limits.ts';
import type { RecordingSpan } from '../../src/tracing/recorder/recording-span.ts';
import { SpanEncoder } from '../../src/tracing/recorder/span-encoder.ts';
import { Tracer } from '../../src/tracing/recorder/tracer.ts';
import { chooseSampler, type SamplingStrategy } from '../../src/tracing/sampler/choose-sampler.ts';

const UPLOADS = 10_000;
const BATCH_SPANS = 512;
const ROUNDS = Number(process.argv[2] ?? 7);

interface Contestant {
  readonly name: string;
  readonly tracer: RequestTracer;
  /** Bytes encoded so far. */
  bytes: number;
  readonly micros: number[];
}

function ours(name: string, strategy: SamplingStrategy): Contestant {
  const counts = new ExportCounts(Number.POSITIVE_INFINITY);
  const infinite = Number.POSITIVE_INFINITY;
  const limits = { maxQueueSize: infinite, maxQueueBytes: infinite, maxBatchSize: BATCH_SPANS, delayMillis: 60_000 };
  const encoder = new SpanEncoder(DOUBLE_ATTRIBUTES);
  const target = {
    send(batch: Batch) {
      contestant.bytes += batch.bytes.byteLength;
      queue.settled(batch.id);
    },
  };
  const queue: BatchQueue<RecordingSpan> = new BatchQueue(limits, {
    counts,
    encoder,
    target,
    events: { refused() {}, spoiled() {} },
  });
  const sampler = chooseSampler(strategy, 1);
  const propagator = choosePropagator(['tracecontext']);
  const parts = {
    clock: new Clock(),
    ids: new IdGenerator(),
    limits: DEFAULT_LIMITS,
    sampler,
    sink: queue,
    propagator,
  };
  const tracer = createRequestTracer(new Tracer(parts), { conventions: 'stable' });
  const contestant: Contestant = { name, tracer, bytes: 0, micros: [] };
  return contestant;
}

/** Encodes as the official exporter does, in batches of the same size. */
function stock(): Contestant {
  let waiting: ReadableSpan[] = [];
  const processor: SpanProcessor = {
    onStart() {},
    onEnd(span) {
      if (waiting.push(span) < BATCH_SPANS) return;
      contestant.bytes += ProtobufTraceSerializer.serializeRequest(waiting)?.length ?? 0;
      waiting = [];
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const recorder = throughApi(provider.getTracer('bench'), new W3CTraceContextPropagator());
  const tracer = createRequestTracer(recorder, { conventions: 'stable' });
  const contestant: Contestant = { name: 'official SDK', tracer, bytes: 0, micros: [] };
  return contestant;
}

const HEADERS = ['Host', 'uploads.example', 'User-Agent', 'bench/1', 'Content-Length', '1024', 'Content-Type', 'a/b'];

function upload(tracer: RequestTracer, i: number): void {
  const root = tracer.startRequest(HEADERS, {
    'http.request.method': 'PUT',
    'url.scheme': 'http',
    'url.path': `/uploads/file-${i}`,
    'server.port': 8080,
    'client.address': '127.0.0.1',
    'http.request.body.size': 1024,
  });
  root.child('auth.sigv4', 'internal', { 'auth.method': 'sigv4', 'auth.result': 'ok' }).end();
  root.child('authz.opa', 'internal', { 'authz.method': 'opa', 'authz.decision': 'allow' }).end();
  const operation = root.child('s3.upload', 'internal', {
    'mizuchi.bucket': 'b',
    's3.bucket': 'b',
    's3.key': `file-${i}`,
    's3.operation': 'PutObject',
    'upload.method': 'single',
    'upload.zero_copy': true,
  });
  const attempt = operation.child('aws.s3.put_object', 'client', {
    'rpc.system.name': 'aws-api',
    'rpc.system': 'aws-api',
    'rpc.service': 'S3',
    'rpc.method': 'PutObject',
    'server.port': 9100,
  });
  attempt.outgoingHeaders();
  attempt.set('http.response.status_code', 200);
  attempt.end();
  operation.set('upload.size_bytes', 1024);
  operation.end();
  root.set('http.route', '/uploads/{key}');
  root.set('http.response.status_code', 200);
  root.end();
}

function run(contestant: Contestant): void {
  const start = performance.now();
  for (let i = 0; i < UPLOADS; i++) upload(contestant.tracer, i);
  contestant.micros.push(((performance.now() - start) / UPLOADS) * 1000);
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

const contestants = [ours('ours', 'always'), ours('ours, again', 'always'), stock(), ours('ours, unsampled', 'never')];
for (const contestant of contestants) run(contestant); // warms up, is not counted
for (const contestant of contestants) contestant.micros.length = 0;
for (let round = 0; round < ROUNDS; round++) for (const contestant of contestants) run(contestant);

const base = median(contestants[0]!.micros);
console.log(
  `µs per upload of 5 spans, created and encoded; median of ${ROUNDS} rounds of ${UPLOADS}, and the ratio to ours`,
);
for (const { name, micros, bytes } of contestants) {
  const spans = (ROUNDS + 1) * UPLOADS * 5;
  const numbers = `${median(micros).toFixed(2)} µs  ×${(median(micros) / base).toFixed(2)}`;
  const spread = `from ${Math.min(...micros).toFixed(2)} to ${Math.max(...micros).toFixed(2)}`;
  console.log(
    `${name.padEnd(16)} ${numbers.padEnd(18)} ${spread.padEnd(24)} ${(bytes / spans).toFixed(0)} bytes a span`,
  );
}
