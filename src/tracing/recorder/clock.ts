/**
 * The time of spans. Within a process spans are timed by the monotonic clock, which is fine and never jumps. An anchor maps it
 * to the wall clock. Each local root gets a new anchor, so a process that runs for months does not drift. The spans below share it,
 * so a trace is consistent even if the wall clock is set meanwhile.
 */
import type { TimeInput } from '@opentelemetry/api';

const NANOS_PER_MILLI = 1e6;
const NANOS_PER_SECOND = 1e9;

/** What the zero of the monotonic clock is on the wall. Immutable. */
export interface Anchor {
  /** Unix time in whole seconds, and the nanoseconds beyond them. */
  readonly seconds: number;
  readonly nanos: number;
  /** The same in nanoseconds since 1970 as two 32-bit words: OTLP wants `fixed64`, and a double cannot hold it. */
  readonly high: number;
  readonly low: number;
}

export interface Clocks {
  /** Unix time in milliseconds. */
  wall(): number;
  /** Monotonic milliseconds since some moment of the process. */
  monotonic(): number;
}

const SYSTEM: Clocks = { wall: Date.now, monotonic: () => performance.now() };

export class Clock {
  readonly #clocks: Clocks;
  /** Unix milliseconds at the monotonic clock's zero; what `#anchor` was made of. */
  #offset: number;
  #anchor: Anchor;

  constructor(clocks: Clocks = SYSTEM) {
    this.#clocks = clocks;
    this.#offset = clocks.wall() - clocks.monotonic();
    this.#anchor = anchorAt(this.#offset);
  }

  /**
   * The anchor for a new local root. The wall clock has whole milliseconds. The old anchor stays as long as it agrees
   * with them, so the time between two traces is as fine as the monotonic clock.
   */
  anchor(): Anchor {
    const wall = this.#clocks.wall();
    const monotonic = this.#clocks.monotonic();
    const error = this.#offset + monotonic - wall;
    if (error >= 0 && error < 1) return this.#anchor;
    this.#offset = error < 0 ? wall - monotonic : wall + 0.999 - monotonic;
    this.#anchor = anchorAt(this.#offset);
    return this.#anchor;
  }

  /** Nanoseconds after the anchor's zero. */
  now(): number {
    return Math.floor(this.#clocks.monotonic() * NANOS_PER_MILLI);
  }

  /** A time given by the caller, in nanoseconds after the zero of `anchor`; now if it is none. */
  since(anchor: Anchor, time: TimeInput | undefined): number {
    if (time === undefined) return this.now();
    if (time instanceof Date) return this.#sinceEpochMillis(anchor, time.getTime());
    if (typeof time === 'number') {
      // As everywhere in OpenTelemetry JS: a small number is a reading of performance.now(), a large one Unix time.
      if (time <= this.#clocks.monotonic()) return Math.floor(time * NANOS_PER_MILLI);
      return this.#sinceEpochMillis(anchor, time);
    }
    return this.#finite((time[0] - anchor.seconds) * NANOS_PER_SECOND + (time[1] - anchor.nanos));
  }

  #sinceEpochMillis(anchor: Anchor, millis: number): number {
    const seconds = Math.floor(millis / 1000);
    const nanos = Math.round((millis - seconds * 1000) * NANOS_PER_MILLI);
    return this.#finite((seconds - anchor.seconds) * NANOS_PER_SECOND + (nanos - anchor.nanos));
  }

  #finite(nanos: number): number {
    return Number.isFinite(nanos) ? nanos : this.now();
  }
}

function anchorAt(unixMillis: number): Anchor {
  const seconds = Math.floor(unixMillis / 1000);
  const nanos = Math.round((unixMillis - seconds * 1000) * NANOS_PER_MILLI);
  const unixNanos = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return { seconds, nanos, high: Number(unixNanos >> 32n), low: Number(unixNanos & 0xffff_ffffn) };
}
