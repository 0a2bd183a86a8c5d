/**
 * Frees the chunks of bodies soon after they have passed. V8 sees a chunk of 64 KiB as a few bytes of its own heap, so it
 * lets about 64 MiB of passed chunks lie before it looks; told to look at the youngest objects every few MiB, it gives the
 * same memory out again while it is still in the processor's cache. Figures: docs/decisions/chunk-memory.md.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_BYTES = 4 * 1024 * 1024;

export class ChunkCollector {
  readonly #collect = youngCollection();
  #passed = 0;

  /** So many bytes more have been handed on. */
  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < EVERY_BYTES) return;
    this.#passed = 0;
    this.#collect();
  }
}

/** V8 shows its collector only to contexts that are made while this flag is set. A program that has set it keeps it. */
function youngCollection(): () => void {
  const { gc: exposed } = globalThis;
  if (exposed !== undefined) return () => void exposed({ type: 'minor' });
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'minor' });
}
