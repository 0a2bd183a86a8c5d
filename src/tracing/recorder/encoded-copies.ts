/**
 * The encoder of the export, which keeps copies of what it has written last. The live view packs the spans of a request soon after
 * their export has encoded them, and then copies them instead of encoding them again.
 */
import type { ItemEncoder } from '../../export/batch-queue.ts';
import type { ByteWriter } from '../../kit/byte-writer.ts';
import type { RecordingSpan } from './recording-span.ts';

/** Several hundred spans: more than those of the requests that wait to be packed. */
const RING_BYTES = 256 * 1024;
/** Larger spans are encoded again. */
const LARGEST_BYTES = 16 * 1024;

/** A copy of one encoded span. */
interface Copy {
  /** The ring was written from its start this number of times before. */
  readonly round: number;
  readonly start: number;
  readonly end: number;
}

export class EncodedCopies implements ItemEncoder<RecordingSpan> {
  readonly #encoder: ItemEncoder<RecordingSpan>;
  readonly #ring = Buffer.allocUnsafeSlow(RING_BYTES);
  #round = 0;
  #at = 0;

  constructor(encoder: ItemEncoder<RecordingSpan>) {
    this.#encoder = encoder;
  }

  /** @throws TooLarge */
  encode(out: ByteWriter, span: RecordingSpan): void {
    const start = out.length;
    this.#encoder.encode(out, span);
    if (out.length - start <= LARGEST_BYTES) span.copy = this.#keep(out.bytes, start, out.length);
  }

  /** Writes a span that the export has encoded. @returns false if there is no copy any more. */
  copy(out: ByteWriter, span: RecordingSpan): boolean {
    const copy = span.copy as Copy | undefined;
    if (copy === undefined || !this.#has(copy)) return false;
    out.append(this.#ring.subarray(copy.start, copy.end));
    return true;
  }

  #keep(bytes: Buffer, from: number, to: number): Copy {
    if (this.#at + to - from > RING_BYTES) {
      this.#round++;
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += bytes.copy(this.#ring, start, from, to);
    return { round: this.#round, start, end: this.#at };
  }

  /** Bytes of the previous round are there beyond the place that this round has reached. */
  #has({ round, start }: Copy): boolean {
    return round === this.#round || (round === this.#round - 1 && start >= this.#at);
  }
}
