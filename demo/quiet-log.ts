/** A log without lines: between the traces of the demo they would hide these. */
import type { ProcessLog } from '../src/logging/create-log.ts';

export function quietLog(): ProcessLog {
  const nothing = (): void => {};
  return { debug: nothing, info: nothing, warn: nothing, error: nothing, close: async () => {} };
}
