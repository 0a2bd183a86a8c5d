/**
 * Whose trace context is believed (W3C Trace Context, "Privacy" and "Security considerations"). Whoever reaches the port can send
 * one: it may be continued, or make us trace what we would not, or mix its spans among ours. So strangers are told from those who
 * are trusted by the address at the other end of the connection: who they are themselves is known too late.
 */
import { type Context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { type AddressSet, addressSet } from '../../kit/address-set.ts';
import type { CallerContext } from '../sampler/sampler.ts';

export interface InboundOptions {
  /** What becomes of a stranger's context. */
  readonly mode: 'continue' | 'restart' | 'ignore';
  /** Ranges of addresses, as addressSet takes them. */
  readonly trusted: readonly string[];
  /** Share of the traces continued by strangers that may be kept, where another sampler than ours follows their flag: 0 to 1. */
  readonly remoteRatio?: number;
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
    return { parent: this.#bounded(context), link: undefined };
  }

  /**
   * The ids, the flags and the trace state, and nothing else: not the baggage, and not the debug flag of B3, which the store and the
   * policy engines would obey.
   */
  #bounded(context: SpanContext): Context {
    const { remoteRatio = 1, random = Math.random } = this.#options;
    const draw = random();
    const traceFlags = draw < remoteRatio ? context.traceFlags : context.traceFlags & ~TraceFlags.SAMPLED;
    const drawn: CallerContext = { ...context, traceFlags, draw };
    return trace.setSpanContext(ROOT_CONTEXT, drawn);
  }
}
