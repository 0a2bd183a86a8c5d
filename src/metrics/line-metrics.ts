/** Gauges of limited resources: how much is in use, and how many requests wait. */
import type { Registry } from './registry.ts';

export interface StoreFigures {
  readonly connections: { readonly used: number; readonly waiting: number };
}

export function watchStore(registry: Registry, bucket: string, store: StoreFigures): void {
  registry.onCollect(() => {
    const { used, waiting } = store.connections;
    registry.set('mizuchi_store_connections_in_use', [bucket], used);
    registry.set('mizuchi_store_connections_waiting', [bucket], waiting);
  });
}

export function watchForms(registry: Registry, gateway: { readonly formsReading: number }): void {
  registry.onCollect(() => registry.set('mizuchi_forms_reading', [], gateway.formsReading));
}
