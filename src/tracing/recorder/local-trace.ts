/** What the spans of one trace share within this process, from the local root down. */
import type { Anchor } from './clock.ts';

export class LocalTrace {
  readonly anchor: Anchor;
  /** The trace id in bytes: the same ones stand in every span. */
  readonly traceId: Uint8Array;

  constructor(traceId: string, anchor: Anchor) {
    this.anchor = anchor;
    this.traceId = Buffer.from(traceId, 'hex');
  }
}
