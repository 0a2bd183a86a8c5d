/**
 * Frees the chunks of bodies soon after use. V8 counts a chunk of 64 KiB as a few bytes of its heap, so it collects only after
 * about 64 MiB of chunks. A minor collection every few MiB reuses memory that is still in the CPU cache. Figures:
 * docs/decisions/chunk-memory.md.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_BYTES = 4 * 1024 * 1024;

export class ChunkCollector {
  readonly #collect = youngCollection();
  #passed = 0;

  /** Counts forwarded bytes. */
  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < EVERY_BYTES) return;
    this.#passed = 0;
    this.#collect();
  }
}

/** V8 exposes its collector only to contexts that are created while this flag is set. A flag that the program has set stays. */
function youngCollection(): () => void {
  const { gc: exposed } = globalThis;
  if (exposed !== undefined) return () => void exposed({ type: 'minor' });
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'minor' });
}
