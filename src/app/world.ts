/** What does not change while a gateway runs, whatever configuration it reads. */
import type { Config } from '../config/config.ts';
import { watchIdentity } from '../metrics/identity-metrics.ts';
import { watchReloads } from '../metrics/reload-metrics.ts';
import { RequestMetrics } from '../metrics/request-metrics.ts';
import { watchStoreCalls } from '../metrics/store-metrics.ts';
import type { OpenPump } from '../pump/open-pump.ts';
import type { AppContext } from './context.ts';
import { type SharedLimits, sharedLimits } from './gateway.ts';
import type { ReloadObserver } from './lifetime.ts';
import type { Telemetry } from './telemetry.ts';

export interface World extends Telemetry {
  readonly context: AppContext;
  readonly limits: SharedLimits;
  readonly metrics: RequestMetrics;
  readonly reloaded: ReloadObserver;
}

export function openWorld(
  config: Config,
  telemetry: Telemetry,
  context: Pick<AppContext, 'directory' | 'env' | 'log'>,
  pump: OpenPump | undefined,
): World {
  const { registry } = telemetry;
  return {
    ...telemetry,
    context: {
      ...context,
      watch: watchIdentity(registry),
      watchStore: (bucket) => watchStoreCalls(registry, bucket),
    },
    limits: sharedLimits(config, pump),
    metrics: new RequestMetrics(registry),
    reloaded: watchReloads(registry),
  };
}
