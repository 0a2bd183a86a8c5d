/** The spans of one request: objects until its end, then bytes of OTLP in memory that few requests share. */
import type { OtlpTraces, RecordedSpans } from '../../domain/recorded-requests.ts';
import type { RecordingSpan } from './recording-span.ts';

/** What all records of a collector share. */
export interface RecordReader {
  /** Encodes all records that wait for it. */
  pack(): void;
  /** @param items fields 2 of ScopeSpans. */
  read(items: Uint8Array): OtlpTraces;
}

export class SpanRecord implements RecordedSpans {
  /** Undefined after they are encoded. */
  spans: RecordingSpan[] | undefined = [];
  bytes = 0;
  leftOut = 0;
  exported = false;
  hasEnded = false;
  readonly #reader: RecordReader;
  #memory: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** @param memory has the encoded spans from `start` to `end`. */
  packed(memory: Uint8Array, start: number, end: number): void {
    this.spans = undefined;
    this.#memory = memory;
    this.#start = start;
    this.#end = end;
  }

  detach(): void {
    const items = this.#items();
    this.packed(items.slice(), 0, items.length);
  }

  otlp(): OtlpTraces {
    return this.#reader.read(this.#items());
  }

  #items(): Uint8Array {
    if (this.spans !== undefined) this.#reader.pack();
    return this.#memory.subarray(this.#start, this.#end);
  }
}

const NOTHING = new Uint8Array();
