/** Connections that were ended before a request, as a counter. */
import type { Registry } from './registry.ts';

export function countRefusedConnection(registry: Registry, reason: string): void {
  registry.add('mizuchi_refused_connections', [reason], 1);
}
