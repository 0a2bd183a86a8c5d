/** The header of AWS X-Ray: `X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. */
import type { RawHeaders } from '../../domain/span.ts';
import { decisionOf, withTraceOnly } from './partial-caller.ts';
import type { Propagated, Propagator } from './propagator.ts';
import { firstHeader } from './raw-headers.ts';
import { isSpanId, isTraceId, SAMPLED_FLAG, type SpanContext } from './span-context.ts';

const HEADER = 'x-amzn-trace-id';
/** Version, seconds of the Unix time, and the rest of the trace id. */
const ROOT = /^1-(.{8})-(.{24})$/s;

export class XRayPropagator implements Propagator {
  inject({ traceId, spanId, traceFlags }: SpanContext): readonly string[] {
    const root = `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
    return [HEADER, `Root=${root};Parent=${spanId};Sampled=${traceFlags & SAMPLED_FLAG}`];
  }

  extract(headers: RawHeaders, found: Propagated): Propagated {
    const { traceId, spanId, sampled } = parse(firstHeader(headers, HEADER) ?? '');
    if (!isTraceId(traceId)) return found;
    if (!isSpanId(spanId)) return withTraceOnly(found, traceId, sampled);
    const traceState = found.caller?.traceState;
    return { caller: { traceId, spanId, traceState, ...decisionOf(sampled) }, others: found.others };
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
