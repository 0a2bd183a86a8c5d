/** The upload port of one gateway, and what the gateway shows of it in metrics. */
import { setTimeout as delay } from 'node:timers/promises';
import { watchConnections } from '../metrics/connection-metrics.ts';
import { watchForms } from '../metrics/form-metrics.ts';
import { showLimits } from '../metrics/limit-metrics.ts';
import { watchMemory } from '../metrics/memory-metrics.ts';
import { type Listener, type ListenerOptions, listen } from '../server/listener.ts';
import type { Lifetime } from './lifetime.ts';
import type { Generations } from './reload/generations.ts';
import type { World } from './world.ts';

type Port = Pick<ListenerOptions, 'edge' | 'phase' | 'probes' | 'socket'>;

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound. */
export async function openUploads(
  lifetime: Lifetime,
  { registry, tracer, limits }: World,
  generations: Generations,
  port: Port,
): Promise<Listener> {
  const { config, served } = generations.current;
  const { server } = config;
  watchMemory(registry, limits.memory);
  watchForms(registry, limits.admission);
  showLimits(registry, config);
  const listener = await listen({
    ...server.address,
    ...served,
    ...port,
    tracer,
    limits: {
      headerMillis: server.header_timeout_seconds * 1000,
      headerBytes: server.max_header_size,
      connections: server.max_connections,
    },
  });
  watchConnections(registry, listener);
  lifetime.onClose(async () => {
    const { shutdown_delay_seconds, shutdown_timeout_seconds } = generations.current.config.server;
    const hasLeft = port.phase.closesConnections;
    port.phase.enter('leaving');
    if (!hasLeft) await delay(shutdown_delay_seconds * 1000);
    await listener.close(shutdown_timeout_seconds * 1000);
  });
  return listener;
}
