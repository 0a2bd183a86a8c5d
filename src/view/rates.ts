/** The rates of uploads, from the bytes that two snapshots have seen. */

/** Shortest time between two samples of one upload, in milliseconds. */
const SHORTEST_MILLIS = 900;

interface Sample {
  readonly at: number;
  readonly bytes: number;
  readonly perSecond: number;
}

export class Rates {
  #samples = new Map<object, Sample>();
  #next = new Map<object, Sample>();
  #now = 0;

  /** A snapshot begins. @param now in milliseconds. */
  begin(now: number): void {
    this.#now = now;
    this.#next = new Map();
  }

  /** @returns bytes a second: since about a second ago, or since the begin of an upload that is new here. */
  of(upload: object, bytes: number, ageMillis: number): number {
    const last = this.#samples.get(upload);
    const isRecent = last !== undefined && this.#now - last.at < SHORTEST_MILLIS;
    const sample = isRecent ? last : this.#sample(last ?? { at: this.#now - ageMillis, bytes: 0 }, bytes);
    this.#next.set(upload, sample);
    return sample.perSecond;
  }

  #sample(since: Pick<Sample, 'at' | 'bytes'>, bytes: number): Sample {
    const millis = Math.max(1, this.#now - since.at);
    return { at: this.#now, bytes, perSecond: ((bytes - since.bytes) * 1000) / millis };
  }

  /** The upload has ended: without further snapshots, it would be kept. */
  forget(upload: object): void {
    if (this.#samples.size > 0) this.#samples.delete(upload); // else V8 would only give the upload an identity hash
  }

  /** Forgets uploads that the snapshot has not seen. */
  end(): void {
    this.#samples = this.#next;
  }
}
