/** The in-memory collector as a TraceStore. */
import type { DecodedSpan } from '../otlp-messages.ts';
import { receiveHttp } from '../otlp-receiver.ts';
import { attributesOf } from '../request-trace.ts';
import type { ReadSpan, TraceStore } from './trace.ts';

const ERROR = 2;

export async function inMemoryTraces(): Promise<TraceStore> {
  const receiver = await receiveHttp();
  const read = (traceId: string): ReadSpan[] =>
    receiver
      .spans()
      .filter((span) => span.traceId === traceId)
      .map(readSpan);
  return {
    endpoint: receiver.endpoint,
    async trace(traceId, isComplete) {
      await receiver.until(() => isComplete(read(traceId)));
      return read(traceId);
    },
    close: () => receiver.close(),
  };
}

function readSpan(span: DecodedSpan): ReadSpan {
  const { name, spanId, parentSpanId = '', status, start, end } = span;
  return {
    name,
    spanId,
    parentSpanId,
    isError: status?.code === ERROR,
    seconds: Number(end - start) / 1e9,
    endedAt: Number(end) / 1e6,
    attributes: attributesOf(span),
  };
}
