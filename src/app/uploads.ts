/** The upload port of one gateway: its stages behind a listener, measured and reported. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { NO_TRACER } from '../domain/span.ts';
import { createReport } from '../gateway/report.ts';
import { watchConnections } from '../metrics/connection-metrics.ts';
import { showLimits } from '../metrics/limit-metrics.ts';
import { watchForms, watchStore } from '../metrics/line-metrics.ts';
import { watchMemory } from '../metrics/memory-metrics.ts';
import { RequestMetrics } from '../metrics/request-metrics.ts';
import type { Route } from '../router/find-bucket.ts';
import { type Listener, type ListenerOptions, listen } from '../server/listener.ts';
import { ownHosts, virtualHosts } from '../server/virtual-hosts.ts';
import type { ServedBucket } from './buckets.ts';
import type { AppContext } from './context.ts';
import { openGateway } from './gateway.ts';
import type { Lifetime } from './lifetime.ts';
import type { Telemetry } from './telemetry.ts';

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound. */
export async function openUploads(
  config: Config,
  lifetime: Lifetime,
  context: Pick<AppContext, 'log' | 'watch'>,
  { registry, tracer }: Telemetry,
  routes: readonly Route<ServedBucket>[],
  port: Pick<ListenerOptions, 'edge' | 'phase' | 'probes' | 'socket'>,
): Promise<Listener> {
  const { server } = config;
  const { gateway, memory } = openGateway(config, routes, context.watch, tracer !== NO_TRACER);
  watchMemory(registry, memory);
  showLimits(registry, config);
  watchForms(registry, gateway);
  for (const { bucket } of routes) watchStore(registry, bucket.name, bucket.store);
  const listener = await listen({
    ...server.address,
    limits: {
      headerMillis: server.header_timeout_seconds * 1000,
      headerBytes: server.max_header_size,
      connections: server.max_connections,
    },
    idleMillis: server.body_idle_timeout_seconds * 1000,
    gateway,
    tracer,
    hostBucketOf: virtualHosts(server.domain ?? []),
    isOwnHost: ownHosts(server.domain ?? []),
    report: createReport(context.log, new RequestMetrics(registry), config.logging.success_ratio),
    ...port,
  });
  watchConnections(registry, listener);
  lifetime.onClose(async () => {
    port.phase.enter('leaving');
    await delay(server.shutdown_delay_seconds * 1000);
    await listener.close(server.shutdown_timeout_seconds * 1000);
  });
  return listener;
}
