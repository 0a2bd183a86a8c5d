/**
 * Which trace context is trusted (W3C Trace Context, "Privacy" and "Security considerations"). Any client can send one. Its trace
 * may be continued, sampled although we would not, or mixed with ours. Trusted callers are known by the address of the peer,
 * because authentication comes too late.
 */
import { type AddressSet, addressSet } from '../../kit/address-set.ts';
import { NOTHING, type Propagated } from './propagator.ts';
import { type CallerContext, isComplete, SAMPLED_FLAG, type SpanContext } from './span-context.ts';

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

export interface Admitted<Others> {
  /** Below which the request's span opens. */
  readonly parent: Propagated<Others>;
  /** The caller's span, where the trace is not continued and it is to be found nevertheless. */
  readonly link: SpanContext | undefined;
}

const NOT_CALLED: Admitted<never> = { parent: NOTHING, link: undefined };

export class Inbound {
  readonly #options: InboundOptions;
  readonly #trusted: AddressSet;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#trusted = addressSet(options.trusted);
  }

  /** @param sent what the propagator has found. @param peer address at the other end of the connection. */
  admit<Others>(sent: Propagated<Others>, peer: string | undefined): Admitted<Others> {
    if (sent === NOTHING) return NOT_CALLED;
    if (this.#trusted.has(peer)) return { parent: sent, link: undefined };
    const { caller } = sent;
    if (caller === undefined) return NOT_CALLED;
    const { mode } = this.#options;
    if (mode === 'continue') return { parent: this.#bounded(caller), link: undefined };
    return { parent: NOTHING, link: mode === 'restart' && isComplete(caller) ? caller : undefined };
  }

  /**
   * The ids, the flags and the trace state only. Baggage and the debug flag of B3 would reach the store and the policy engines.
   */
  #bounded(caller: CallerContext): Propagated<never> {
    const { remoteRatio = 1, random = Math.random } = this.#options;
    const draw = random();
    const drawn: CallerContext = { ...caller, draw };
    return { caller: draw < remoteRatio ? drawn : unsampled(drawn), others: undefined };
  }
}

function unsampled(caller: CallerContext): CallerContext {
  const { deferred, ...decided } = caller;
  return { ...decided, traceFlags: caller.traceFlags & ~SAMPLED_FLAG };
}
