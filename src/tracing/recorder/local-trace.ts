/** What the spans of one trace share within this process, from the local root down. */
import type { Anchor } from './clock.ts';

export class LocalTrace {
  readonly anchor: Anchor;
  /** 32 lower-case hex digits. */
  readonly traceId: string;

  /** Whether it is decided only at the end if it is kept. */
  readonly undecided: boolean;
  /** Its first span, known when that has begun. */
  root: unknown;

  constructor(traceId: string, anchor: Anchor, undecided = false) {
    this.anchor = anchor;
    this.undecided = undecided;
    this.traceId = traceId;
  }
}
