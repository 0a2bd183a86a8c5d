/**
 * Whose trace context is believed (W3C Trace Context, "Privacy" and "Security considerations"). Whoever reaches the port can send
 * one: it may be continued, or make us trace what we would not, or mix its spans among ours. So strangers are told from those who
 * are trusted by the address at the other end of the connection: who they are themselves is known too late.
 */
import { type Context, propagation, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { type AddressSet, addressSet } from '../../kit/address-set.ts';
import type { CallerContext } from '../sampler/sampler.ts';

export interface InboundOptions {
  /** What becomes of a stranger's context. */
  readonly mode: 'continue' | 'restart' | 'ignore';
  /** Ranges of addresses, as addressSet takes them. */
  readonly trusted: readonly string[];
  /** Share of the traces continued by strangers that may be kept: 0 to 1. */
  readonly remoteRatio: number;
  /** From 0 to 1, without 1. Not the trace id: the stranger chose it. */
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
    if (mode !== 'continue') return { parent: ROOT_CONTEXT, link: mode === 'restart' ? context : undefined };
    return { parent: this.#bounded(withoutBaggage(caller), context), link: undefined };
  }

  #bounded(caller: Context, context: SpanContext): Context {
    const { remoteRatio, random = Math.random } = this.#options;
    if (remoteRatio >= 1 || random() < remoteRatio) return caller;
    const traceFlags = context.traceFlags & ~TraceFlags.SAMPLED;
    const over: CallerContext = { ...context, traceFlags, overRatio: true };
    return trace.setSpanContext(caller, over);
  }
}

/** What strangers would have carried along ends here: it is nothing that they have to tell the store or the policy engines. */
function withoutBaggage(context: Context): Context {
  return propagation.getBaggage(context) === undefined ? context : propagation.deleteBaggage(context);
}
