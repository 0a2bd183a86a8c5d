/** Callers for a sampler of another provider, which knows complete spans only. */
import { randomBytes } from 'node:crypto';
import type { SpanContext } from '@opentelemetry/api';
import { type CallerContext, SAMPLED_FLAG } from '../propagation/span-context.ts';
import { remote } from './text-map.ts';

/** Missing ids are random, and a deferred decision counts as sampled. */
export function wholeSpan(caller: CallerContext): SpanContext {
  const { partial, deferred, ...span } = caller;
  if (partial === undefined && !deferred) return remote(caller);
  return remote({
    ...span,
    traceId: partial === 'decision' ? randomBytes(16).toString('hex') : span.traceId,
    spanId: partial === undefined ? span.spanId : randomBytes(8).toString('hex'),
    traceFlags: deferred ? span.traceFlags | SAMPLED_FLAG : span.traceFlags,
  });
}
