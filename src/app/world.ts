/** What does not change while a gateway runs, whatever configuration it reads. */
import type { Config } from '../config/config.ts';
import { watchIdentity } from '../metrics/identity-metrics.ts';
import { watchReloads } from '../metrics/reload-metrics.ts';
import { RequestMetrics } from '../metrics/request-metrics.ts';
import { watchStoreCalls } from '../metrics/store-metrics.ts';
import type { OpenPump } from '../pump/open-pump.ts';
import type { ObservedProcess } from '../view/observed-process.ts';
import type { AppContext } from './context.ts';
import { type SharedLimits, sharedLimits } from './gateway.ts';
import type { ReloadObserver } from './lifetime.ts';
import type { Telemetry } from './telemetry.ts';

export interface World extends Telemetry {
  readonly context: AppContext;
  readonly limits: SharedLimits;
  readonly metrics: RequestMetrics;
  readonly reloaded: ReloadObserver;
  /** Undefined without the live view. */
  readonly observed: ObservedProcess | undefined;
}

export function openWorld(
  config: Config,
  telemetry: Telemetry,
  context: Pick<AppContext, 'directory' | 'env' | 'log'>,
  pump: OpenPump | undefined,
  observed?: ObservedProcess,
): World {
  const { registry, exports } = telemetry;
  const health = observed?.services;
  for (const each of exports) health?.watchExport(each);
  const watch = watchIdentity(registry);
  return {
    ...telemetry,
    context: {
      ...context,
      watch: health?.watchAuth(watch) ?? watch,
      watchStore(bucket, origin) {
        const metrics = watchStoreCalls(registry, bucket);
        return health?.watchStore(metrics, bucket, origin) ?? metrics;
      },
    },
    limits: sharedLimits(config, pump),
    metrics: new RequestMetrics(registry),
    reloaded: watchReloads(registry),
    observed,
  };
}
