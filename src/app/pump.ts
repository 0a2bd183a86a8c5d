/** The pump of this process, as the configuration wants it: with its lines in the log, its metrics and its end. */
import type { Config } from '../config/config.ts';
import type { Log } from '../domain/log.ts';
import { watchPump } from '../metrics/pump-metrics.ts';
import type { Registry } from '../metrics/registry.ts';
import { type OpenPump, openPump } from '../pump/open-pump.ts';
import type { Lifetime } from './lifetime.ts';

/** @returns undefined where bodies are streamed. */
export async function openBodyPump(
  { upload }: Pick<Config, 'upload'>,
  lifetime: Lifetime,
  log: Log,
  registry: Registry,
): Promise<OpenPump | undefined> {
  if (upload.way === 'stream') return undefined;
  const metrics = watchPump(registry);
  try {
    const pump = await openPump(upload.pump_threads, {
      died(error, isLast) {
        metrics.died();
        const what = isLast ? 'a pump thread died, and is not replaced' : 'a pump thread died, and is replaced';
        log.error({ error_detail: error?.message }, what);
      },
    });
    lifetime.onClose(() => pump.stop());
    metrics.show(pump);
    const { noSplice, threads } = pump;
    log.info({ pump_threads: threads, splice: noSplice ?? true }, 'large bodies are moved by a pump');
    return pump;
  } catch (error) {
    log.info({ reason: (error as Error).message }, 'bodies are streamed: the pump is unavailable');
    return undefined;
  }
}
