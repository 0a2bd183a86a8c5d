/** The header of AWS X-Ray: `X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. */
import {
  type Context,
  isSpanContextValid,
  isValidSpanId,
  isValidTraceId,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { firstHeader } from './raw-headers.ts';

const HEADER = 'x-amzn-trace-id';
/** Version, seconds of the Unix time, and the rest of the trace id. */
const ROOT = /^1-(.{8})-(.{24})$/s;

export class XRayPropagator implements TextMapPropagator {
  fields(): string[] {
    return [HEADER];
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span)) return;
    const root = `1-${span.traceId.slice(0, 8)}-${span.traceId.slice(8)}`;
    setter.set(carrier, HEADER, `Root=${root};Parent=${span.spanId};Sampled=${span.traceFlags & TraceFlags.SAMPLED}`);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const caller = parse(firstHeader(getter.get(carrier, HEADER)) ?? '');
    if (caller === undefined) return context;
    const traceState = trace.getSpanContext(context)?.traceState;
    return trace.setSpanContext(context, traceState === undefined ? caller : { ...caller, traceState });
  }
}

function parse(header: string): SpanContext | undefined {
  let traceId = '';
  let spanId = '';
  let sampled = '';
  for (const part of header.split(';')) {
    const field = part.trim();
    const value = field.slice(field.indexOf('=') + 1);
    if (field.startsWith('Root')) traceId = (ROOT.exec(value) ?? []).slice(1).join('');
    else if (field.startsWith('Parent')) spanId = value;
    else if (field.startsWith('Sampled')) sampled = value;
  }
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId) || (sampled !== '0' && sampled !== '1')) return undefined;
  return { traceId, spanId, traceFlags: sampled === '1' ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}
