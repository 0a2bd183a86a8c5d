/** Our tracer for tests: what ends is kept, and can be read back through protobufjs. */

import { otlpRequest } from '../../src/export/otlp/otlp-request.ts';
import { ByteWriter } from '../../src/kit/byte-writer.ts';
import { DOUBLE_ATTRIBUTES } from '../../src/tracing/catalogue.ts';
import { headersOf } from '../../src/tracing/propagation/raw-headers.ts';
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
  /** Takes the spans that end; they are kept unless given. */
  readonly sink?: SpanSink;
}

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
    carry: (context) => headersOf(new TraceContextPropagator(), context),
  });
  return { tracer, ended, decoded: () => decodeSpans(ended) };
}

export function decodeSpans(spans: readonly RecordingSpan[]): DecodedSpan[] {
  const writer = new ByteWriter(64, 64 * 1024 * 1024);
  const encoder = new SpanEncoder(DOUBLE_ATTRIBUTES);
  for (const span of spans) encoder.encode(writer, span);
  const empty = new Uint8Array();
  return decodeRequest(otlpRequest(empty, empty, writer.take())).flatMap((group) => group.spans);
}
