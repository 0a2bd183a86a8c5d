/** The header of AWS X-Ray: `X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. */
import {
  type Context,
  isSpanContextValid,
  isValidSpanId,
  isValidTraceId,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { decisionOf, withTraceOnly } from './partial-caller.ts';
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
    const { traceId, spanId, sampled } = parse(firstHeader(getter.get(carrier, HEADER)) ?? '');
    if (!isValidTraceId(traceId)) return context;
    if (!isValidSpanId(spanId)) return withTraceOnly(context, traceId, sampled);
    const caller = { traceId, spanId, isRemote: true, ...decisionOf(sampled) };
    const traceState = trace.getSpanContext(context)?.traceState;
    return trace.setSpanContext(context, traceState === undefined ? caller : { ...caller, traceState });
  }
}

interface Fields {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined without a decision: a load balancer sends none, and `?` requests one. */
  readonly sampled: boolean | undefined;
}

/** Fields may come in any order. Others, such as `Self` and `Lineage`, are ignored. */
function parse(header: string): Fields {
  let [traceId, spanId, sampled] = ['', '', ''];
  for (const field of header.split(';')) {
    const equals = field.indexOf('=');
    const name = field.slice(0, equals).trim();
    const value = field.slice(equals + 1).trim();
    if (name === 'Root') traceId = (ROOT.exec(value) ?? []).slice(1).join('');
    else if (name === 'Parent') spanId = value;
    else if (name === 'Sampled') sampled = value;
  }
  return { traceId, spanId, sampled: sampled === '1' ? true : sampled === '0' ? false : undefined };
}
