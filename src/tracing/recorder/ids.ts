/**
 * Trace and span ids. Randomness is drawn in chunks, which one system call and one conversion to hex digits turn into
 * hundreds of ids. Every id comes from the system's generator, so the W3C random flag may be set on each.
 */
import { randomBytes } from 'node:crypto';
import type { SpanContext, TraceState } from '@opentelemetry/api';

const CHUNK_BYTES = 8192;
const ZERO_TRACE_ID = '0'.repeat(32);

/** The context of a span of ours: its id as text, as everybody wants it, and as the words that go onto the wire. */
export class OwnContext implements SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  traceState: TraceState;
  /** The first and the last 32 bits of the span id, as signed numbers: those need no memory of their own. */
  readonly high: number;
  readonly low: number;

  constructor(ids: IdGenerator, traceId: string, traceFlags: number, traceState: TraceState | undefined) {
    this.traceId = traceId;
    this.spanId = ids.spanId();
    this.traceFlags = traceFlags;
    // Always there, so that all contexts have one shape; undefined means none.
    this.traceState = traceState as TraceState;
    this.high = ids.high;
    this.low = ids.low;
  }
}

export class IdGenerator {
  /** The words of the span id that was given last. */
  high = 0;
  low = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #digits = '';
  #at = 0;
  readonly #draw: (bytes: number) => Buffer;

  constructor(draw: (bytes: number) => Buffer = randomBytes) {
    this.#draw = draw;
  }

  /** 32 lower-case hex digits, never all zero. */
  traceId(): string {
    const at = this.#take(16);
    const id = this.#digits.slice(2 * at, 2 * at + 32);
    return id === ZERO_TRACE_ID ? this.traceId() : id;
  }

  /** 16 lower-case hex digits, never all zero; also as `high` and `low`. */
  spanId(): string {
    const at = this.#take(8);
    this.high = this.#bytes.readInt32BE(at);
    this.low = this.#bytes.readInt32BE(at + 4);
    if (this.high === 0 && this.low === 0) return this.spanId();
    return this.#digits.slice(2 * at, 2 * at + 16);
  }

  #take(count: number): number {
    if (this.#at + count > this.#bytes.length) {
      this.#bytes = this.#draw(CHUNK_BYTES);
      this.#digits = this.#bytes.toString('hex');
      this.#at = 0;
    }
    this.#at += count;
    return this.#at - count;
  }
}
