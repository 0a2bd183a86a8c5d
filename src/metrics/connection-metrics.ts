/** Connections of the upload port: a gauge of open connections, and a counter of connections that ended before a request. */
import type { Registry } from './registry.ts';

export function watchConnections(registry: Registry, port: { readonly connections: number }): void {
  registry.onCollect(() => registry.set('mizuchi_connections', [], port.connections));
}

export function countRefusedConnection(registry: Registry, reason: string): void {
  registry.add('mizuchi_refused_connections', [reason], 1);
}
