/** Encodes the spans of requests that have ended, for several requests in one go: the objects would be expensive to keep. */
import { ByteWriter } from '../../kit/byte-writer.ts';
import type { EncodedCopies } from './encoded-copies.ts';
import type { SpanEncoder } from './span-encoder.ts';
import type { SpanRecord } from './span-record.ts';

const FIRST_BYTES = 64 * 1024;
/** More than the spans of one request and of the requests that wait with it. */
const MOST_BYTES = 16 * 1024 * 1024;

export class SpanPacker {
  readonly #encoder: SpanEncoder;
  readonly #copies: EncodedCopies;
  readonly #writer = new ByteWriter(FIRST_BYTES, MOST_BYTES);

  /** @param copies of spans that the export has encoded. */
  constructor(encoder: SpanEncoder, copies: EncodedCopies) {
    this.#encoder = encoder;
    this.#copies = copies;
  }

  pack(records: readonly SpanRecord[]): void {
    const ends = records.map((record) => this.#encode(record));
    const memory = this.#writer.take();
    let start = 0;
    for (const [i, record] of records.entries()) {
      const end = ends[i]!;
      record.packed(memory, start, end);
      start = end;
    }
  }

  /** @returns the end of its spans. A span that cannot be encoded is left out, as it is in the export. */
  #encode(record: SpanRecord): number {
    for (const span of record.spans ?? []) {
      const before = this.#writer.length;
      try {
        if (!this.#copies.copy(this.#writer, span)) this.#encoder.encode(this.#writer, span);
      } catch {
        this.#writer.length = before;
        record.leftOut++;
      }
    }
    return this.#writer.length;
  }
}
