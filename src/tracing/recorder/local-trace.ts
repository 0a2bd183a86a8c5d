/** What the spans of one trace share within this process, from the local root down. */
import type { Context, TraceState } from '@opentelemetry/api';
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
  /** The context of the local root: its other values, such as baggage, go on to the next services. */
  readonly around: Context;
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
    around: Context,
    fate: Fate,
  ) {
    this.traceId = traceId;
    this.words = words;
    this.traceFlags = traceFlags;
    this.traceState = traceState;
    this.anchor = anchor;
    this.around = around;
    this.fate = fate;
    this.root = undefined;
    this.waiting = undefined;
    this.recorded = undefined;
  }
}
