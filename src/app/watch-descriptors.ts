/**
 * Exhausted file descriptors are logged once and counted: the operating system closes new connections then, and neither the gateway nor
 * its clients get an error.
 */
import type { Log } from '../domain/log.ts';
import { countDescriptors, descriptorLimit } from '../kit/descriptors.ts';
import type { Registry } from '../metrics/registry.ts';

const CHECK_MILLIS = 2_000;
/** Descriptors that are left when the gateway counts as exhausted: a few connections more, and it is. */
const LEFT = 8;
const EXHAUSTED: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

/** @returns ends the checks. */
export function watchDescriptors(log: Log, registry: Registry): () => void {
  const limit = descriptorLimit('soft');
  if (limit === undefined) return () => {};
  registry.add('mizuchi_file_descriptors_exhausted', [], 0);
  let wasExhausted = false;
  const check = async (): Promise<void> => {
    const open = await openOrLimit(limit);
    const isExhausted = open > limit - LEFT;
    if (isExhausted && !wasExhausted) {
      registry.add('mizuchi_file_descriptors_exhausted', [], 1);
      const hint = 'raise the limit (ulimit -n, LimitNOFILE), or lower server.max_connections';
      log.error({ open, limit, hint }, 'file descriptors are exhausted; new connections are closed without a response');
    }
    if (wasExhausted && !isExhausted) log.info({ open, limit }, 'file descriptors are available again');
    wasExhausted = isExhausted;
  };
  const timer = setInterval(() => void check(), CHECK_MILLIS).unref();
  return () => clearInterval(timer);
}

/** Reading takes a descriptor itself. */
async function openOrLimit(limit: number): Promise<number> {
  try {
    return await countDescriptors();
  } catch (error) {
    return EXHAUSTED.has((error as NodeJS.ErrnoException).code) ? limit : 0;
  }
}
