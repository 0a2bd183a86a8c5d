/** Our tracer for tests: what ends is kept, and can be read back through protobufjs. */
import type { Attributes } from '../../src/domain/span.ts';
import { otlpRequest } from '../../src/export/otlp/otlp-request.ts';
import { ByteWriter } from '../../src/kit/byte-writer.ts';
import { DOUBLE_ATTRIBUTES } from '../../src/tracing/catalogue.ts';
import { NOTHING, type Propagator } from '../../src/tracing/propagation/propagator.ts';
import { TraceContextPropagator } from '../../src/tracing/propagation/trace-context.ts';
import { Clock } from '../../src/tracing/recorder/clock.ts';
import { IdGenerator } from '../../src/tracing/recorder/ids.ts';
import { DEFAULT_LIMITS, type SpanLimits } from '../../src/tracing/recorder/limits.ts';
import type { RecordingSpan, SpanSink } from '../../src/tracing/recorder/recording-span.ts';
import { SpanEncoder } from '../../src/tracing/recorder/span-encoder.ts';
import { Tracer } from '../../src/tracing/recorder/tracer.ts';
import { chooseSampler } from '../../src/tracing/sampler/choose-sampler.ts';
import type { Sampler } from '../../src/tracing/sampler/sampler.ts';
import { type DecodedSpan, decodeRequest } from './otlp-messages.ts';

export interface TestTracerOptions {
  readonly sampler?: Sampler;
  readonly limits?: Partial<SpanLimits>;
  readonly clock?: Clock;
  /** That of W3C Trace Context unless given. */
  readonly propagator?: Propagator;
  /** Takes the spans that end; they are kept unless given. */
  readonly sink?: SpanSink;
}

/** A span of our tracer. */
export type OwnSpan = ReturnType<Tracer['open']>;

export interface TestTracer {
  readonly tracer: Tracer;
  /** Spans that have ended, as they were handed on. */
  readonly ended: readonly RecordingSpan[];
  /** The same, encoded by us and decoded by protobufjs. */
  decoded(): DecodedSpan[];
}

export function testTracer(options: TestTracerOptions = {}): TestTracer {
  const ended: RecordingSpan[] = [];
  const tracer = new Tracer({
    clock: options.clock ?? new Clock(),
    ids: new IdGenerator(),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    sampler: options.sampler ?? chooseSampler('parent_based', 1),
    sink: options.sink ?? { add: (span) => ended.push(span) },
    propagator: options.propagator ?? new TraceContextPropagator(),
  });
  return { tracer, ended, decoded: () => decodeSpans(ended) };
}

/** Opens a local root with a name of its own. */
export function openRoot(tracer: Tracer, name: string, attributes?: Attributes): OwnSpan {
  const root = tracer.open(NOTHING, { attributes });
  root.updateName(name);
  return root;
}

export function decodeSpans(spans: readonly RecordingSpan[]): DecodedSpan[] {
  const writer = new ByteWriter(64, 64 * 1024 * 1024);
  const encoder = new SpanEncoder(DOUBLE_ATTRIBUTES);
  for (const span of spans) encoder.encode(writer, span);
  const empty = new Uint8Array();
  return decodeRequest(otlpRequest(empty, empty, writer.take())).flatMap((group) => group.spans);
}
