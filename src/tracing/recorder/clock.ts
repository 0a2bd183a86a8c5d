/**
 * The time of spans. Within a process spans are timed by the monotonic clock, which is fine and never jumps. An anchor maps it
 * to the wall clock. Each local root gets a new anchor, so a process that runs for months does not drift. The spans below share it,
 * so a trace is consistent even if the wall clock is set meanwhile.
 */
import { performance } from 'node:perf_hooks';
import type { UnixZero } from '../../kit/byte-writer.ts';

const NANOS_PER_MILLI = 1e6;

/** The zero of the monotonic clock in nanoseconds since 1970. Immutable. */
export type Anchor = UnixZero;

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
    return nanosAt(this.#clocks.monotonic());
  }
}

/** @param millis as `performance.now()`. @returns nanoseconds after the anchor's zero. */
export function nanosAt(millis: number): number {
  return Math.floor(millis * NANOS_PER_MILLI);
}

function anchorAt(unixMillis: number): Anchor {
  const seconds = Math.floor(unixMillis / 1000);
  const nanos = Math.round((unixMillis - seconds * 1000) * NANOS_PER_MILLI);
  const unixNanos = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return { high: Number(unixNanos >> 32n), low: Number(unixNanos & 0xffff_ffffn) };
}
