/** What the spans of one trace share within this process, from the local root down. */
import { NIBBLE } from './byte-writer.ts';
import type { Anchor } from './clock.ts';

export class LocalTrace {
  readonly anchor: Anchor;
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The same in words of 32 bits, as signed numbers, the most significant first: all its spans are encoded with it. */
  readonly words: readonly [number, number, number, number];

  /** What becomes of its spans when they end; those of an undecided trace wait. */
  fate: 'kept' | 'undecided' | 'forgotten';
  /** Its first span, known when that has begun. */
  root: unknown;
  /** Belongs to whoever decides. */
  waiting: unknown;

  constructor(traceId: string, anchor: Anchor, fate: 'kept' | 'undecided') {
    this.anchor = anchor;
    this.traceId = traceId;
    this.words = [wordAt(traceId, 0), wordAt(traceId, 8), wordAt(traceId, 16), wordAt(traceId, 24)];
    this.fate = fate;
    this.root = undefined;
    this.waiting = undefined;
  }
}

function wordAt(digits: string, at: number): number {
  let word = 0;
  for (let i = at; i < at + 8; i++) word = (word << 4) | NIBBLE[digits.charCodeAt(i)]!;
  return word;
}
