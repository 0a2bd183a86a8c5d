/**
 * Which trace context is trusted (W3C Trace Context, "Privacy" and "Security considerations"). Any client can send one. Its trace
 * may be continued, sampled although we would not, or mixed with ours. Trusted callers are known by the address of the peer,
 * because authentication comes too late.
 */
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { type AddressSet, addressSet } from '../../kit/address-set.ts';
import type { CallerContext } from '../sampler/sampler.ts';

export interface InboundOptions {
  /** What happens to the context of an untrusted caller. */
  readonly mode: 'continue' | 'restart' | 'ignore';
  /** Ranges of addresses, as addressSet takes them. */
  readonly trusted: readonly string[];
  /** Ratio of the traces of untrusted callers that may be kept, where another sampler than ours follows their flag: 0 to 1. */
  readonly remoteRatio?: number;
  /** From 0 to 1, without 1. Not the trace id: the caller chose it. */
  readonly random?: () => number;
}

export interface Admitted {
  /** Below which the request's span opens. */
  readonly parent: Context;
  /** The caller's span, where the trace is not continued and it is to be found nevertheless. */
  readonly link: SpanContext | undefined;
}

const NOTHING: Admitted = { parent: ROOT_CONTEXT, link: undefined };

export class Inbound {
  readonly #options: InboundOptions;
  readonly #trusted: AddressSet;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#trusted = addressSet(options.trusted);
  }

  /** @param caller what the propagator has found. @param peer address at the other end of the connection. */
  admit(caller: Context, peer: string | undefined): Admitted {
    if (caller === ROOT_CONTEXT) return NOTHING;
    const context = trace.getSpanContext(caller);
    if (this.#trusted.has(peer)) return { parent: caller, link: undefined };
    if (context === undefined) return NOTHING;
    const { mode } = this.#options;
    if (mode !== 'continue')
      return { parent: ROOT_CONTEXT, link: mode === 'restart' && isSpanContextValid(context) ? context : undefined };
    return { parent: this.#bounded(context), link: undefined };
  }

  /**
   * The ids, the flags and the trace state only. Baggage and the debug flag of B3 would reach the store and the policy engines.
   */
  #bounded(context: CallerContext): Context {
    const { remoteRatio = 1, random = Math.random } = this.#options;
    const draw = random();
    const drawn: CallerContext = { ...context, draw };
    return trace.setSpanContext(ROOT_CONTEXT, draw < remoteRatio ? drawn : unsampled(drawn));
  }
}

function unsampled(context: CallerContext): CallerContext {
  const { deferred, ...decided } = context;
  return { ...decided, traceFlags: context.traceFlags & ~TraceFlags.SAMPLED };
}
