/** A real Jaeger as a TraceStore. */
import type { ReadSpan, ReadTrace, TraceStore } from '../../support/scenarios/trace.ts';
import { eventually } from './eventually.ts';
import { type JaegerSpan, startJaeger } from './jaeger.ts';

export async function jaegerTraces(): Promise<TraceStore> {
  const jaeger = await startJaeger();
  const read = async (traceId: string): Promise<ReadTrace> => (await jaeger.trace(traceId, 1)).spans.map(readSpan);
  return {
    endpoint: jaeger.endpoints['http/protobuf'],
    trace: (traceId, isComplete) =>
      eventually(`Jaeger has the trace ${traceId}`, async () => {
        const trace = await read(traceId);
        return isComplete(trace) ? trace : undefined;
      }),
    close: () => jaeger.stop(),
  };
}

function readSpan({ operationName, spanID, references, tags, startTime, duration }: JaegerSpan): ReadSpan {
  const attributes = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  return {
    name: operationName,
    spanId: spanID,
    parentSpanId: references[0]?.spanID ?? '',
    isError: attributes.error === true,
    seconds: duration / 1e6,
    endedAt: (startTime + duration) / 1000,
    attributes,
  };
}
