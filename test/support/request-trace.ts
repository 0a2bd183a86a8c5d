/** The trace of requests in a unit test: our real tracer under a stage, and what has ended, read back through protobufjs. */
import type { Span } from '../../src/domain/span.ts';
import { createRequestTracer } from '../../src/tracing/instrumentation.ts';
import type { DecodedSpan } from './otlp-messages.ts';
import { testTracer } from './test-tracer.ts';

export interface RequestTrace {
  /** Opens the SERVER span of a request. */
  open(): Span;
  /** Those spans that have ended. */
  ended(): DecodedSpan[];
}

export function requestTrace(): RequestTrace {
  const { tracer, decoded } = testTracer();
  const requests = createRequestTracer(tracer, { conventions: 'stable' });
  return { open: () => requests.startRequest([], {}), ended: decoded };
}

/** What the attributes hold. */
export function attributesOf(span: DecodedSpan | undefined): Record<string, unknown> {
  const attributes = Object.entries(span?.attributes ?? {});
  return Object.fromEntries(attributes.map(([name, value]) => [name, Object.values(value)[0]]));
}
