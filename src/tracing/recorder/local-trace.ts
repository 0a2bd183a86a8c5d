/** What the spans of one trace share within this process, from the local root down. */
import type { Anchor } from './clock.ts';

export class LocalTrace {
  readonly anchor: Anchor;
  /** The trace id in bytes: the same ones stand in every span. */
  readonly traceId: Uint8Array;

  /** Whether it is decided only at the end if it is kept. */
  readonly undecided: boolean;
  /** Its first span, known when that has begun. */
  root: unknown;

  constructor(traceId: string, anchor: Anchor, undecided = false) {
    this.anchor = anchor;
    this.undecided = undecided;
    this.traceId = Buffer.from(traceId, 'hex');
  }
}
