/** What the spans of one trace share within this process, from the local root down. */
import type { Carried } from '../propagation/propagator.ts';
import type { TraceState } from '../propagation/trace-state.ts';
import type { Anchor } from './clock.ts';
import type { TraceWords } from './ids.ts';

export type Fate = 'kept' | 'undecided' | 'forgotten';

export class LocalTrace {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The same in words of 32 bits, as signed numbers, the most significant first: all its spans are encoded with it. */
  readonly words: TraceWords;
  readonly traceFlags: number;
  readonly traceState: TraceState | undefined;
  readonly anchor: Anchor;
  /** Values of the request for the next services, such as baggage. */
  readonly carried: Carried | undefined;
  /** What becomes of its spans when they end; those of an undecided trace wait. */
  fate: Fate;
  /** Its first span, known when that has begun. */
  root: unknown;
  /** Belongs to the tail buffer. */
  waiting: unknown;
  /** Belongs to the collector of spans for the live view. */
  recorded: unknown;

  constructor(
    traceId: string,
    words: TraceWords,
    traceFlags: number,
    traceState: TraceState | undefined,
    anchor: Anchor,
    carried: Carried | undefined,
    fate: Fate,
  ) {
    this.traceId = traceId;
    this.words = words;
    this.traceFlags = traceFlags;
    this.traceState = traceState;
    this.anchor = anchor;
    this.carried = carried;
    this.fate = fate;
    this.root = undefined;
    this.waiting = undefined;
    this.recorded = undefined;
  }
}
